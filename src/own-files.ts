// Where the files of this package are that are started by their path: threads, and what is preloaded into processes. A module
// that asks `import.meta.url` for it would be wrong in the published package, where modules are joined in chunks. This module
// always stands where it stands in the sources: at the root.

const ending = import.meta.url.slice(import.meta.url.lastIndexOf("."))

/** The folder of all modules of this package. */
export const ownFolder: URL = new URL("./", import.meta.url)

/** The file of a module, by its path in the sources without the ending. `.ci/build.mjs` keeps these files as they are named. */
export function ownFile(path: string): URL {
  return new URL(`${path}${ending}`, ownFolder)
}

/** The same for a module that is written for `require`. */
export function ownCommonJsFile(path: string): URL {
  return new URL(`${path}${ending.replace(".", ".c")}`, ownFolder)
}
