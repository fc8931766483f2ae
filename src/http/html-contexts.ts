// Where in HTML a value of a template goes, which decides whether escaping is enough. The static parts of a template come from
// a program, so this follows the tokenizer of the HTML standard (section 13.2.5) only as far as its states matter here.

/**
 * What a place takes: `text`, any text, escaped; `attribute`, the same between quotes; `url`, the beginning of an attribute
 * that is followed or loaded, and `url-rest`, what comes later in one that began with a value; otherwise HTML only, and the
 * value says why.
 */
export type HtmlContext = "text" | "attribute" | "url" | "url-rest" | { only: string }

type State =
  | "text"
  | "tag-name"
  | "tag"
  | "name"
  | "before-value"
  | "double"
  | "single"
  | "unquoted"
  | "comment"
  | "raw"

const URL_ATTRIBUTES: ReadonlySet<string> = new Set([
  ...["href", "src", "action", "formaction", "xlink:href", "data", "poster", "cite", "background", "ping", "manifest"],
])
/** Elements whose content is no HTML: nothing is unescaped in it. */
const RAW_ELEMENTS: ReadonlySet<string> = new Set(["script", "style"])
const NEEDS_QUOTES = "an attribute needs quotes around its value"

/** The contexts between the parts of a template, one less than there are parts. */
export function htmlContexts(parts: readonly string[]): HtmlContext[] {
  const scanner = new Scanner()
  return parts.slice(0, -1).map((part) => {
    scanner.scan(part)
    const context = scanner.context()
    scanner.skipValue()
    return context
  })
}

class Scanner {
  #state: State = "text"
  #tagName = ""
  #attribute = ""
  /** Nothing but white space of the value of the attribute has come yet; then, whether it began with a value. */
  #valueBegins = false
  #beganWithValue = false

  scan(part: string): void {
    let index = 0
    while (index < part.length) index = this.#step(part, index)
  }

  /** What comes behind a value is in the same place, but no longer at the beginning of it. */
  skipValue(): void {
    if (this.#valueBegins) this.#beganWithValue = true
    this.#valueBegins = false
    if (this.#state === "before-value") this.#state = "unquoted"
  }

  context(): HtmlContext {
    switch (this.#state) {
      case "text":
      case "comment":
        return "text"
      case "double":
      case "single":
        if (this.#attribute.startsWith("on")) return { only: `${this.#attribute} is a script` }
        if (this.#attribute === "srcdoc") return { only: "srcdoc is a page of its own" }
        if (!URL_ATTRIBUTES.has(this.#attribute)) return "attribute"
        return this.#valueBegins ? "url" : this.#beganWithValue ? "url-rest" : "attribute"
      case "raw":
        return { only: `the content of <${this.#tagName}> is no HTML` }
      case "tag-name":
        return { only: "this is the name of a tag" }
      case "tag":
      case "name":
        return { only: "this is the place of an attribute" }
      default:
        return { only: NEEDS_QUOTES }
    }
  }

  #step(part: string, index: number): number {
    const character = part[index] as string
    switch (this.#state) {
      case "text":
        return this.#text(part, index)
      case "comment":
        return this.#until(part, index, "-->", "text")
      case "raw":
        return this.#raw(part, index)
      case "double":
      case "single":
        if (character === (this.#state === "double" ? '"' : "'")) this.#state = "tag"
        if (!/\s/.test(character)) this.#valueBegins = false
        return index + 1
      default:
        this.#inTag(character)
        return index + 1
    }
  }

  #text(part: string, index: number): number {
    if (part.startsWith("<!--", index)) {
      this.#state = "comment"
      // Its dashes may be those of the end as well: `<!-->` is a whole comment.
      return index + 2
    }
    if (part[index] === "<" && (index + 1 === part.length || /[A-Za-z/]/.test(part[index + 1] as string))) {
      this.#state = "tag-name"
      this.#tagName = ""
    }
    return index + 1
  }

  #raw(part: string, index: number): number {
    const end = new RegExp(`</${this.#tagName}(?=[\\s/>]|$)`, "i").exec(part.slice(index))
    if (end === null) return part.length
    this.#state = "tag"
    this.#tagName = `/${this.#tagName}`
    return index + end.index + end[0].length
  }

  #until(part: string, index: number, end: string, state: State): number {
    const found = part.indexOf(end, index)
    if (found === -1) return part.length
    this.#state = state
    return found + end.length
  }

  #inTag(character: string): void {
    if (character === ">") this.#endTag()
    else if (this.#state === "tag-name") {
      if (/[\s/]/.test(character) && this.#tagName !== "") this.#state = "tag"
      else this.#tagName += character.toLowerCase()
    } else if (this.#state === "before-value") {
      if (/\s/.test(character)) return
      this.#valueBegins = true
      this.#beganWithValue = false
      this.#state = character === '"' ? "double" : character === "'" ? "single" : "unquoted"
    } else if (this.#state === "unquoted") {
      if (/\s/.test(character)) this.#state = "tag"
    } else if (character === "=" && this.#attribute !== "") this.#state = "before-value"
    else if (/[\s/]/.test(character)) this.#state = "tag"
    else {
      this.#attribute = this.#state === "name" ? this.#attribute + character.toLowerCase() : character.toLowerCase()
      this.#state = "name"
    }
  }

  #endTag(): void {
    this.#state = RAW_ELEMENTS.has(this.#tagName) ? "raw" : "text"
    this.#attribute = ""
  }
}
