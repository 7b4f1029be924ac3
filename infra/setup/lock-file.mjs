/**
 * The optional packages that some package of a parsed package-lock.json wants and that the file does not have.
 * @returns {Array<{ name: string, version: string, wantedBy: string }>} `wantedBy` is a path in the file.
 */
export function missingOptionalPackages({ packages }) {
  return Object.entries(packages).flatMap(([wantedBy, { optionalDependencies = {} }]) =>
    Object.entries(optionalDependencies)
      .filter(([name]) => !resolves(packages, wantedBy, name))
      .map(([name, version]) => ({ name, version, wantedBy })),
  );
}

/** Whether node would find `name` from `path`: in its own node_modules, or in one further out. */
function resolves(packages, path, name) {
  for (let folder = path; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('node_modules/') - 1))) {
    const candidate = folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`;
    if (candidate in packages) return true;
    if (folder === '') return false;
  }
}
