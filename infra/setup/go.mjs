/**
 * What builds programs of the tests that no package manager has. From 1.21 on it fetches the version of itself that a module
 * asks for.
 */
export const go = {
  names: ['go'],
  purpose: 'Go builds what the tests use and no package has',
  apt: ['golang'],
  brew: 'go',
  version: { args: ['version'], pattern: /go(\d+)\.(\d+)/, minimum: [1, 21] },
};
