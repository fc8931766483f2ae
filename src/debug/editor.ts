// Links that open a place of a source in an editor.

/** Names for `WERKSTATT_EDITOR`, besides a URL with {path}, {line} and {column} in it. */
const EDITORS: Readonly<Record<string, string>> = {
  vscode: "vscode://file/{path}:{line}:{column}",
  "vscode-insiders": "vscode-insiders://file/{path}:{line}:{column}",
  vscodium: "vscodium://file/{path}:{line}:{column}",
  cursor: "cursor://file/{path}:{line}:{column}",
  windsurf: "windsurf://file/{path}:{line}:{column}",
  zed: "zed://file/{path}:{line}:{column}",
  idea: "idea://open?file=/{path}&line={line}&column={column}",
  webstorm: "webstorm://open?file=/{path}&line={line}&column={column}",
  sublime: "subl://open?url=file:///{path}&line={line}&column={column}",
  textmate: "txmt://open?url=file:///{path}&line={line}&column={column}",
  emacs: "emacs://open?url=file:///{path}&line={line}&column={column}",
}

/**
 * The link for a place; undefined where there is no file, or no editor.
 *
 * @param editor a name, a URL with `{path}`, `{line}` and `{column}`, or `off`
 * @example
 * editorLink("/srv/a b.ts", 3, 7) // => "vscode://file/srv/a%20b.ts:3:7"
 * editorLink("/srv/a.ts", 3, 7, "x-edit:{path}@{line}") // => "x-edit:srv/a.ts@3"
 * editorLink("/srv/a.ts", 3, 7, "javascript:alert({line})") // => undefined
 * editorLink("node:fs", 3, 7) // => undefined
 */
export function editorLink(file: string, line: number, column: number, editor: string = "vscode"): string | undefined {
  const isWindows = /^[a-z]:[\\/]/i.test(file)
  if (!file.startsWith("/") && !isWindows) return undefined
  const template = Object.hasOwn(EDITORS, editor) ? (EDITORS[editor] as string) : editor
  if (!template.includes("{path}") || !/^[a-z][a-z0-9+.-]*:/i.test(template)) return undefined
  // A script, or a page of this browser, is no editor.
  if (/^(?:javascript|data|vbscript|blob|file):/i.test(template)) return undefined
  const path = file.replaceAll("\\", "/").replace(/^\//, "").split("/").map(encodeURIComponent).join("/")
  const values: Record<string, string> = {
    path: path.replace(/^([a-z])%3A/i, "$1:"),
    line: String(line),
    column: String(column),
  }
  return template.replace(/\{(path|line|column)\}/g, (_whole, name: string) => values[name] as string)
}
