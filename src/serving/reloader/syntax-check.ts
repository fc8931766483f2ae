// Where a syntax error stands. Node says so on standard error when it dies of one, but the error itself does not always
// know; so the file is parsed once more, by a Node that does nothing else and is listened to.

import { execFile } from "node:child_process"

/** Files that may be parsed to find the wrong one. */
const MOST_FILES = 20

/**
 * Completes the text of an error by the place of a syntax error, if it is one that lacks it.
 *
 * @param paths where it may be, the likeliest first
 */
export async function locateSyntaxError(text: string, paths: readonly string[]): Promise<string> {
  if (!text.startsWith("SyntaxError")) return text
  for (const path of paths.filter((each) => /\.[cm]?js$/.test(each)).slice(0, MOST_FILES)) {
    const found = await check(path)
    if (found !== undefined) return found
  }
  return text
}

/** What Node has to say of a file that it cannot parse, without the frames of its own. */
function check(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(process.execPath, ["--check", path], { timeout: 5000 }, (error, _stdout, stderr) => {
      resolve(error === null ? undefined : stderr.replace(/\n {4}at [\s\S]*$/, "").trim() || undefined)
    })
  })
}
