export { type Level, LintError, type LintOptions, lint, unclosedBodies } from "./lint.ts"
