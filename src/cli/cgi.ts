// werkstatt cgi: answers the one request that a front server has started this process for.

import { refusalText } from "../adapters/cgi/answer.ts"
import { takeOutput } from "../adapters/cgi/output.ts"
import { runCgi } from "../adapters/cgi.ts"
import { Refusal } from "../running/environ.ts"
import { loadApplication } from "./load-application.ts"
import { ENV_FILE, type OptionTable, optionLines, parseOptions, UsageError } from "./options.ts"

const OPTIONS = {
  "script-name": {
    kind: "text",
    value: "PATH",
    help: "where the application is mounted, where that is not the path of the\nscript",
  },
  "env-file": ENV_FILE,
  help: { kind: "flag", short: "h", help: "this text" },
} as const satisfies OptionTable

/** What `werkstatt cgi --help` says. */
export const CGI_USAGE: string = `Usage: werkstatt cgi [options] MODULE[:APP]

Answers one request as a CGI script: a front server starts this command, with the request
in its environment. Options stand before the module; what stands behind it is left out.

${optionLines(OPTIONS)}

A script for a front server, which needs the right to be run:

  #!/usr/bin/env -S werkstatt cgi /srv/site/main.js:app`

/** Answers the request; an application that cannot be loaded is a 500. */
export async function cgi(argv: readonly string[]): Promise<void> {
  const { values, positionals, fileEnv } = parseOptions(ownWords(argv), OPTIONS, {})
  if (values.help) {
    process.stdout.write(`${CGI_USAGE}\n`)
    return
  }
  const [name] = positionals
  if (name === undefined) throw new UsageError("Which application? Write: werkstatt cgi module:app")
  if (process.env["REQUEST_METHOD"] === undefined)
    throw new UsageError(
      "There is no request: a front server has to start this command, with REQUEST_METHOD and the other variables of CGI.",
    )
  for (const [variable, value] of Object.entries(fileEnv)) process.env[variable] ??= value
  // Before the application is loaded, which may write to the console.
  const output = takeOutput()
  try {
    const app = await loadApplication(name)
    await runCgi(app, values["script-name"] === undefined ? {} : { scriptName: values["script-name"] })
  } catch (error) {
    output.end(refusalText("Status: ", new Refusal("500 Internal Server Error")), "latin1")
    throw error
  }
}

/**
 * The words up to the module. Behind it stand the path of the script, and words of the query, which a client can choose
 * (RFC 3875 section 4.4; CVE-2012-1823).
 */
function ownWords(argv: readonly string[]): readonly string[] {
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i] as string
    if (!word.startsWith("-")) return argv.slice(0, i + 1)
    const option = OPTIONS[word.slice(2) as keyof typeof OPTIONS] as OptionTable[string] | undefined
    if (word.startsWith("--") && option !== undefined && option.kind !== "flag") i++
  }
  return argv
}
