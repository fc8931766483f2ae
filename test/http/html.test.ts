import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { escapeHtml, type HtmlValue, html, SafeHtml } from "../../src/http/html.ts"

test("nothing that is escaped can open a tag or leave an attribute", () => {
  fc.assert(fc.property(fc.string(), (text) => !/[<>"']|&(?!amp;|lt;|gt;|#34;|#39;)/.test(escapeHtml(text))))
})

test("numbers are text and safe HTML stays as it is", () => {
  expect(escapeHtml(5)).toBe("5")
  expect(escapeHtml(new SafeHtml("<b>&</b>"))).toBe("<b>&</b>")
})

describe("html", () => {
  const evil = `"><script>alert('1')</script>&`

  test("every text and number is escaped, HTML from here is not", () => {
    expect(String(html`<p title="${evil}">${evil}</p>`)).toBe(`<p title="${escapeHtml(evil)}">${escapeHtml(evil)}</p>`)
    expect(String(html`${1} ${2n} ${html`<br>`} ${new SafeHtml("<hr>")}`)).toBe("1 2 <br> <hr>")
  })

  test("nothing comes of false, null and undefined, and arrays follow one another, also in one another", () => {
    expect(String(html`a${false}${null}${undefined}b`)).toBe("ab")
    expect(String(html`${[1, ["<", [html`<br>`]], null]}`)).toBe("1&lt;<br>")
  })

  test("no text that is put between quotes or tags gets out of there", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(..."<>\"'&=/ -!a\n".split("")) }), (value) => {
        const page = String(html`<p title="${value}" class='${value}'>${value}</p><!-- ${value} --><i>`)
        const safe = escapeHtml(value)
        expect(page).toBe(`<p title="${safe}" class='${safe}'>${safe}</p><!-- ${safe} --><i>`)
        expect(page.match(/[<>"']/g)?.join("")).toBe(`<""''><><><>`)
      }),
    )
  })

  test.each<[string, (value: HtmlValue) => SafeHtml]>([
    ["an attribute without quotes", (value) => html`<p title=${value}>`],
    ["the middle of one", (value) => html`<p title=a${value}>`],
    ["behind white space", (value) => html`<p title = ${value}>`],
    ["the place of an attribute", (value) => html`<p ${value}>`],
    ["the name of an attribute", (value) => html`<p data-${value}="x">`],
    ["the name of a tag", (value) => html`<${value}>`],
    ["the end of the name of a tag", (value) => html`<h${value}>`],
    ["a closing tag", (value) => html`</${value}>`],
    ["a script", (value) => html`<script>const a = "${value}"</script>`],
    ["a script with attributes", (value) => html`<SCRIPT nonce="x" async>${value}</SCRIPT>`],
    ["a style sheet", (value) => html`<style>p { color: ${value} }</style>`],
    ["a handler", (value) => html`<p onclick="f('${value}')">`],
    ["a handler in capitals", (value) => html`<p ONCLICK='${value}'>`],
    ["a page in an attribute", (value) => html`<iframe srcdoc="${value}"></iframe>`],
  ])("text is refused in %s, HTML is not", (_name, make) => {
    expect(() => make("x")).toThrow(TypeError)
    expect(() => make(1)).toThrow(TypeError)
    expect(() => make(["x"])).toThrow(TypeError)
    expect(() => make(html`x`)).not.toThrow()
    expect(() => make(false)).not.toThrow()
  })

  test("behind a script there is text again", () => {
    expect(String(html`<script>if (a</b) "</scripty>"</script ><p>${"<"}</p>`)).toContain("<p>&lt;</p>")
    expect(String(html`<!-- <script> --><p>${"<"}</p>`)).toContain("<p>&lt;</p>")
    expect(String(html`<script src="${"/a.js"}"></script>${"<"}`)).toContain("</script>&lt;")
    expect(String(html`<!--><b title="${"<"}">`)).toBe('<!--><b title="&lt;">')
    expect(String(html`1 < 2 ${"<"}`)).toBe("1 < 2 &lt;")
    expect(String(html`<input disabled value="${"<"}"/>${"<"}`)).toBe('<input disabled value="&lt;"/>&lt;')
  })

  test.each(["javascript:alert(1)", " JavaScript:x", "java\nscript:x", "\u0001javascript:x", "vbscript:x"])(
    "a URL that would run a script is none: %j",
    (url) => {
      expect(String(html`<a href="${url}">`)).toBe('<a href="about:invalid">')
      expect(String(html`<form action=' ${url}'>`)).toBe("<form action=' about:invalid'>")
      expect(String(html`<a href="${[url.slice(0, 4), url.slice(4)]}">`)).toBe('<a href="about:invalid">')
      expect(String(html`<a href="${url.slice(0, 4)}${url.slice(4)}">`)).not.toMatch(/script:/i)
      expect(String(html`<a href="${url.split(":")[0] as string}:${"x"}">`)).not.toMatch(/script:/i)
      expect(String(html`<p title="${url}">`)).toContain(escapeHtml(url))
    },
  )

  test.each(["/a?b=javascript:x", "https://a.test/", "javascript", "mailto:a@b", "data:image/png;base64,AA"])(
    "other URLs stay as they are: %j",
    (url) => {
      expect(String(html`<a href="${url}">`)).toBe(`<a href="${escapeHtml(url)}">`)
      expect(String(html`<a href="/x${url}${url}">`)).toBe(`<a href="/x${escapeHtml(url)}${escapeHtml(url)}">`)
    },
  )

  test("HTML that is put into an attribute does not end it", () => {
    expect(String(html`<p title="${html`<b class="x">`}">`)).toBe('<p title="<b class=&#34;x&#34;>">')
  })

  test.each([{}, new Date(0), () => "x", true, Symbol("x")])("what is no HtmlValue is a mistake: %s", (value) => {
    expect(() => html`${value as unknown as string}`).toThrow(TypeError)
  })
})
