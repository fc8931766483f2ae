// Writes the reference, docs/api/, from the docstrings of src/, by TypeDoc: a page for each door of the package, and one for
// each class. A name that several doors list is described under one of them; the others link to it.
// What TypeDoc is told here beyond its options: the names of the doors, and what a reader needs at the top of a page.

import { readFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import {
  Application,
  Comment,
  Converter,
  type DeclarationReflection,
  type ProjectReflection,
  type ReferenceReflection,
  ReflectionKind,
  type TypeDocOptions,
} from "typedoc"
import { MarkdownPageEvent, type PluginOptions } from "typedoc-plugin-markdown"
import { doors } from "./doors.ts"

const root = fileURLToPath(new URL("..", import.meta.url))
export const apiFolder = join(root, "docs/api")

/** The front door lists names of other doors, which come first so that each name is described where it is at home. */
const byHome = [...doors].sort((one, other) => Number(one.name === "werkstatt") - Number(other.name === "werkstatt"))

/** Made from the sources as they are now. Throws when TypeDoc has a warning. */
export async function makeReference(): Promise<void> {
  const options: Partial<TypeDocOptions> & Partial<PluginOptions> = {
    entryPoints: byHome.map(({ file }) => join(root, file)),
    tsconfig: join(root, "src/tsconfig.json"),
    plugin: [fileURLToPath(import.meta.resolve("typedoc-plugin-markdown"))],
    logLevel: "Warn",
    // The compiler of the project, a newer one, has checked the types.
    skipErrorChecking: true,
    // Types that only other types mention have no page; the compiler shows them.
    validation: { notExported: false },
    excludeExternals: true,
    excludeInternal: true,
    excludePrivate: true,
    disableSources: true,
    readme: "none",
    out: apiFolder,
    router: "member",
    membersWithOwnFile: ["Class"],
    entryFileName: "index",
    hidePageHeader: true,
    hideBreadcrumbs: true,
    useCodeBlocks: true,
    expandObjects: true,
    parametersFormat: "table",
    interfacePropertiesFormat: "table",
    typeAliasPropertiesFormat: "table",
    typeDeclarationFormat: "table",
    indexFormat: "table",
    tableColumnSettings: { hideInherited: true, hideOverrides: true, hideModifiers: true, leftAlignHeaders: true },
    pageTitleTemplates: { module: "{name}", index: "Reference", member: "{name}" },
  }
  const app = await Application.bootstrapWithPlugins(options as TypeDocOptions)
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => nameDoors(project))
  app.converter.on(Converter.EVENT_RESOLVE_END, ({ project }) => leaveOutInherited(project))
  app.renderer.on(MarkdownPageEvent.END, (page) => completePage(page as unknown as MarkdownPageEvent))
  const project = await app.convert()
  if (project === undefined) throw new Error("TypeDoc found no names")
  app.validate(project)
  rmSync(apiFolder, { recursive: true, force: true })
  await app.generateOutputs(project)
  if (app.logger.hasErrors() || app.logger.hasWarnings()) throw new Error("TypeDoc has warnings")
}

function nameDoors(project: ProjectReflection): void {
  for (const [index, module] of (project.children ?? []).entries()) {
    const door = byHome[index]
    if (door === undefined) throw new Error(`TypeDoc has a module of its own: ${module.name}`)
    module.name = door.name
    module.comment = new Comment([{ kind: "text", text: door.summary }])
  }
}

/** A subclass shows what it adds and how it is made; what it inherits stands with the class that it extends. */
function leaveOutInherited(project: ProjectReflection): void {
  const members = project.getReflectionsByKind(ReflectionKind.ClassMember & ~ReflectionKind.Constructor)
  for (const member of members as DeclarationReflection[]) {
    const from = member.inheritedFrom?.reflection
    if (from !== undefined && member.parent?.kindOf(ReflectionKind.Class)) project.removeReflection(member)
  }
}

/** Where a class is imported from; guides of a door. Written into the text, since TypeDoc has no place for either. */
function completePage(page: MarkdownPageEvent): void {
  const model = page.model as DeclarationReflection
  if (page.contents === undefined) return
  if (model.kindOf(ReflectionKind.Class)) {
    const doorsOf = [model.parent?.name, ...aliases(model)].filter((door) => door !== undefined)
    const imports = doorsOf.map((door) => `import { ${model.name} } from "${door}"`)
    const [first, ...others] = imports
    const code = ["```ts", first, ...others.map((line) => `${line} // the same`), "```"].join("\n")
    page.contents = page.contents.replace(/^# .*\n/, (title) => `${title}\n${code}\n`)
  }
  const door = doors.find(({ name }) => model.kindOf(ReflectionKind.Module) && name === model.name)
  if (door !== undefined && door.guides.length > 0) {
    const up = "../".repeat(page.url.split("/").length)
    const links = door.guides.map((guide) => `[${titleOf(guide)}](${up}${guide})`)
    page.contents = page.contents.replace(door.summary, (summary) => `${summary} Guide: ${links.join(", ")}.`)
  }
}

/** Other doors that list it. */
function aliases(model: DeclarationReflection): string[] {
  const references = model.project.getReflectionsByKind(ReflectionKind.Reference)
  return references.flatMap((reference) =>
    (reference as ReferenceReflection).getTargetReflectionDeep() === model
      ? [reference.parent?.name ?? ""]
      : [],
  )
}

function titleOf(guide: string): string {
  return /^# (.*)$/m.exec(readFileSync(join(root, "docs", guide), "utf8"))?.[1] ?? guide
}
