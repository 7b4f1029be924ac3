/** Tests run against the sources; the processes they start run what `npm run build` made. */
export default {
  roots: ['<rootDir>/packages', '<rootDir>/apps', '<rootDir>/infra', '<rootDir>/loadtests'],
  testMatch: ['**/test/**/*.test.ts'],
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^@sluice/([^/]+)$': '<rootDir>/packages/$1/src/index.ts' },
  transform: {
    '\\.ts$': [
      '@swc/jest',
      {
        jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  modulePathIgnorePatterns: ['/dist/'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/'],
  // A guard against tests that hang: what a test waits for has a deadline of its own.
  testTimeout: 300_000,
  maxWorkers: 2,
  reporters: ['default', '<rootDir>/infra/setup/closing-line-reporter.mjs'],
};
