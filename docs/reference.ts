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
  type Router,
  type TypeDocOptions,
} from "typedoc"
import { MarkdownPageEvent, type PluginOptions } from "typedoc-plugin-markdown"
import { doors } from "./doors.ts"

const root = fileURLToPath(new URL("..", import.meta.url))
export const apiFolder = join(root, "docs/api")

/** The front door lists names of other doors, which come first so that each name is described where it is at home. */
const byHome = [...doors].sort((one, other) => Number(one.name === "werkstatt") - Number(other.name === "werkstatt"))

/**
 * Types without a page. The compiler computes types with them and shows what comes out; nobody writes them. Any other type that a
 * signature names has to be exported.
 */
const COMPUTED: string[] = Object.entries({
  "exceptions/abort": ["ClassOf"],
  "routing/bound-rule": ["BindingContext", "BoundRule"],
  "routing/inference": [
    "DefaultConverters",
    "Facts",
    "MatchedValues",
    "Nothing",
    "OwnValues",
    "ValuesArgument",
    "ValuesFor",
  ],
  "routing/map-adapter": ["AdaptedMap"],
  "routing/matcher": ["Matcher"],
  "routing/route-table": ["Routes"],
  "routing/route-tree": ["Action", "Get", "RESOURCE", "ResourcePath", "Rooted", "Unnamed"],
  "routing/routes": ["CheckedTree", "NameIn", "SpecsIn", "TableIn"],
  "routing/rule": ["DefaultsOf", "DomainOf", "OnlyKnown"],
  "routing/rule-factories": ["FilledSpec", "Mounted", "OnSubdomain", "Prefixed", "Rules", "SpecsOf", "TrimSlash"],
  "routing/rule-map": ["Merged", "Rules"],
  "routing/text-mistakes": ["CheckedConverters", "CheckedEndpoint", "CheckedText"],
  "routing/values": ["Values"],
  "routing/views": ["CheckedViews", "Hooked", "Nothing", "RequestOf", "ResultOf", "ViewsIn"],
  "web-platform": ["Global"],
  "serving/serve/settings": ["OptionName", "OptionValue", "SettingName", "Settings"],
}).flatMap(([file, names]) => names.map((name) => `src/${file}.ts:${name}`))

/** Made from the sources as they are now. Throws when TypeDoc has a warning. */
export async function makeReference(): Promise<void> {
  const options: Partial<TypeDocOptions> & Partial<PluginOptions> = {
    entryPoints: byHome.map(({ file }) => join(root, file)),
    tsconfig: join(root, "src/tsconfig.json"),
    plugin: [fileURLToPath(import.meta.resolve("typedoc-plugin-markdown"))],
    logLevel: "Warn",
    // The compiler of the project, a newer one, has checked the types.
    skipErrorChecking: true,
    validation: { notExported: true },
    intentionallyNotExported: COMPUTED,
    excludeExternals: true,
    excludeInternal: true,
    excludePrivate: true,
    disableSources: true,
    sortEntryPoints: false,
    readme: "none",
    out: apiFolder,
    router: "member",
    membersWithOwnFile: ["Class"],
    entryFileName: "index",
    hidePageHeader: true,
    hideBreadcrumbs: true,
    useCodeBlocks: true,
    // The links of TypeDoc go by its own count of names, which .vitepress/markdown.ts gives to the headings.
    useCustomAnchors: true,
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
  app.renderer.on(MarkdownPageEvent.END, (event) => {
    const page = event as unknown as MarkdownPageEvent
    if (page.model === page.project) page.contents += namesOf(page.project, app.renderer.router)
    else completePage(page)
  })
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

/**
 * A subclass shows what it adds and how it is made; what it inherits stands with the class that it extends. From which class
 * or interface a member comes is not said at each member again.
 */
function leaveOutInherited(project: ProjectReflection): void {
  const members = project.getReflectionsByKind(ReflectionKind.SomeMember | ReflectionKind.SomeSignature)
  const inherited = members.filter((member) => {
    const from = (member as DeclarationReflection).inheritedFrom?.reflection
    return from?.parent?.kindOf(ReflectionKind.Class) && !member.kindOf(ReflectionKind.Constructor)
  })
  for (const member of members as DeclarationReflection[]) {
    delete member.inheritedFrom
    delete member.overwrites
    delete member.implementationOf
  }
  for (const member of inherited) if (!member.kindOf(ReflectionKind.SomeSignature)) project.removeReflection(member)
}

/** What a reader needs and TypeDoc has no place for: what to import, the guides of a door, names with what they are. */
function completePage(page: MarkdownPageEvent): void {
  const model = page.model as DeclarationReflection
  let text = page.contents ?? ""
  const up = "../".repeat(page.url.split("/").length)
  if (model.kindOf(ReflectionKind.Class)) {
    text = text.replace(/^# .*\n/, (title) => `${title}\n${importsOf(model)}\n`)
  } else if (model.kindOf(ReflectionKind.Module)) {
    const door = doors.find(({ name }) => name === model.name)
    const links = (door?.guides ?? []).map((guide) => `[${titleOf(guide)}](${up}${guide})`)
    if (door !== undefined && links.length > 0)
      text = text.replace(door.summary, (summary) => `${summary} Guide: ${links.join(", ")}.`)
    text = withSummaries(text, model)
  }
  page.contents = text
}

/** All names by door, below the table of the doors. */
function namesOf(project: ProjectReflection, router: Router | undefined): string {
  const sections = (project.children ?? []).map(({ name, children = [] }) => {
    const links = children.flatMap((child) => {
      const target = child.isReference() ? child.getTargetReflectionDeep() : child
      return router?.hasUrl(target) ? [`[\`${child.name}\`](${router.getFullUrl(target)})`] : []
    })
    return `## ${name}\n\n${links.join(", ")}\n`
  })
  return `\n${sections.join("\n")}`
}

function importsOf(model: DeclarationReflection): string {
  const references = model.project.getReflectionsByKind(ReflectionKind.Reference) as ReferenceReflection[]
  const others = references.filter((reference) => reference.getTargetReflectionDeep() === model)
  const [first = "", ...more] = [model, ...others].map(
    ({ parent }) => `import { ${model.name} } from "${parent?.name}"`,
  )
  return ["```ts", first, ...more.map((line) => `${line} // the same`), "```"].join("\n")
}

/** A table of the names that a door takes from other doors, in place of a heading for each. */
function withSummaries(text: string, module: DeclarationReflection): string {
  const [own = "", listed] = text.split("## References\n")
  if (listed === undefined) return text
  const rows = [...listed.matchAll(/^### (.+)\n+(?:Re-exports|Renames and re-exports) \[.*\]\((.*)\)/gm)].map(
    ([, title = "", link]) => {
      const name = title.replace(/ \{#.*\}$/, "").replaceAll("\\", "")
      const reference = module.children?.find((child) => child.name === name) as ReferenceReflection
      const target = reference.getTargetReflectionDeep() as DeclarationReflection
      return `| [\`${name}\`](${link}) | ${summaryOf(target)} | \`${target.parent?.name}\` |`
    },
  )
  return `${own}## From other doors\n\n| Name | Description | Described in |\n| --- | --- | --- |\n${rows.join("\n")}\n`
}

function summaryOf(reflection: DeclarationReflection): string {
  const comment = reflection.comment ?? reflection.signatures?.[0]?.comment
  const text = Comment.combineDisplayParts(comment?.summary).split(/\n\s*\n/)[0] ?? ""
  return text.replace(/\s+/g, " ").replaceAll("|", "\\|")
}

function titleOf(guide: string): string {
  return /^# (.*)$/m.exec(readFileSync(join(root, "docs", guide), "utf8"))?.[1] ?? guide
}
