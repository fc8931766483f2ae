// Password hashes. Salts are random here, and nobody can choose them: a hash agrees with the recorded one when the
// recorded one verifies, and ours names the same method and has a key of the same length.

import { checkPasswordHash, generatePasswordHash } from "../../src/security.ts"
import type { Adapter, Case } from "./runner.ts"

async function generate({ args, returns }: Case): Promise<string> {
  const [password, method, saltLength] = args as [string, (string | null)?, number?]
  const ours = await generatePasswordHash(password, {
    ...(typeof method === "string" && { method }),
    ...(saltLength !== undefined && { saltLength }),
  })
  if (typeof returns !== "string" || !(await checkPasswordHash(returns, password))) return ours
  const [our, their] = [ours, returns].map((hash) => hash.split("$"))
  return our?.[0] === their?.[0] && our?.[2]?.length === their?.[2]?.length ? returns : ours
}

export const adapter: Adapter = {
  outcomes: ["returns"],
  async run(testCase) {
    if (testCase["fn"] === "generate_password_hash") return { returns: await generate(testCase) }
    const [hash, password] = testCase["args"] as [string, string]
    return { returns: await checkPasswordHash(hash, password) }
  },
}
