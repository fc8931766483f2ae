// Which version of Node this is. Code that relies on fields which Node does not document runs on versions that are tested; on
// newer versions all goes Node's own way, a little slower.

const LAST_TESTED = 26

/** The major version of Node. */
export const major: number = Number.parseInt(process.versions.node, 10)

/** Whether this version is one that the tests run on. */
export const isTested: boolean = major <= LAST_TESTED

/** Up to this version Node's parser stops behind a request that is handed over for an upgrade. */
export const stopsAtUpgrade: boolean = major <= 24

let isSaid = false

/** Says once that this version is not one of these. */
export function warnIfUntested(): void {
  if (isTested || isSaid) return
  isSaid = true
  process.emitWarning(
    `werkstatt was tested up to Node ${LAST_TESTED}. On Node ${major} its server leaves out what leans on Node's own fields, and is slower.`,
    { code: "WERKSTATT_UNTESTED_NODE" },
  )
}
