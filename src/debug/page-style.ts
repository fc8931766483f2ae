// The style of the debugger's pages, for light and dark, wide and narrow, screen and print.

/** For every page; the page for other visitors has no more. */
export const BASE_STYLE: string = `
:root {
  color-scheme: light dark;
  --bg: #f6f7f9; --card: #ffffff; --line: #d9dee5; --soft: #eef1f5; --text: #1c2430; --dim: #5b6675;
  --accent: #c01f3a; --accent-soft: #fdecef; --link: #0b5cad; --mark: #fff3c9; --mark-line: #b8860b;
  --string: #0a6b3d; --number: #7a3e9d; --keyword: #0b5cad; --getter: #8a4b08; --focus: #0b5cad;
  --shadow: 0 1px 2px rgb(20 30 50 / .06), 0 4px 14px rgb(20 30 50 / .05);
  --mono: ui-monospace, "SF Mono", "Cascadia Code", "JetBrains Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --bg: #12161c; --card: #1a2029; --line: #303a47; --soft: #222a35; --text: #e3e8ef; --dim: #9aa7b6;
    --accent: #ff7d8e; --accent-soft: #33191f; --link: #7fb8f5; --mark: #3a3212; --mark-line: #e3b341;
    --string: #7fd6a4; --number: #d3a3f0; --keyword: #8cc2fa; --getter: #f0b775; --focus: #7fb8f5;
    --shadow: none;
  }
}
* { box-sizing: border-box }
[hidden] { display: none !important }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100% }
body { margin: 0; background: var(--bg); color: var(--text); font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif }
main, header > div, footer { max-width: 70rem; margin: 0 auto; padding: 0 1.25rem }
header { background: var(--card); border-bottom: 1px solid var(--line); border-top: 4px solid var(--accent); padding: 1.25rem 0 1rem }
h1 { font-size: 1.05rem; font-weight: 600; margin: 0; color: var(--accent) }
h1 .name { font-family: var(--mono); font-size: 1.1rem; font-weight: 700 }
.message { font-size: 1.45rem; line-height: 1.3; font-weight: 600; margin: .35rem 0 .6rem; overflow-wrap: anywhere; white-space: pre-wrap; max-height: 14rem; overflow: auto }
.meta { color: var(--dim); font-size: .875rem; display: flex; flex-wrap: wrap; gap: .25rem 1rem; overflow-wrap: anywhere }
.meta code { color: var(--text) }
code, pre, textarea, .v, .fn, .place { font-family: var(--mono); font-size: .8125rem }
code, pre, textarea { font-variant-ligatures: none }
a { color: var(--link); text-underline-offset: .15em }
a:focus-visible, summary:focus-visible, button:focus-visible, textarea:focus-visible, input:focus-visible, [tabindex]:focus-visible { outline: 2px solid var(--focus); outline-offset: 2px; border-radius: 4px }
main { padding-top: 1rem }
footer { color: var(--dim); font-size: .8125rem; padding-top: 1.5rem; padding-bottom: 2.5rem }
.sr { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap }
`

/** For pages that show an error, or a console. */
export const PAGE_STYLE: string = `
.bar { display: flex; flex-wrap: wrap; gap: .5rem; margin-top: .9rem }
button { font: inherit; font-size: .8125rem; color: var(--text); background: var(--soft); border: 1px solid var(--line); border-radius: 6px; padding: .25rem .7rem; cursor: pointer; min-height: 2rem }
button:hover { border-color: var(--dim) }
button.main { background: var(--link); border-color: var(--link); color: var(--card); font-weight: 600 }
h2 { font-size: 1rem; margin: 1.75rem 0 .6rem }
h2 .name { font-family: var(--mono); color: var(--accent) }
.error + .error, .member { border-top: 1px dashed var(--line); margin-top: 1.5rem }
.error > .cause { font-weight: 600; margin: .2rem 0 .6rem; overflow-wrap: anywhere; white-space: pre-wrap }
.behind { margin-left: 0; padding-left: 1rem; border-left: 3px solid var(--line) }
.frames { display: flex; flex-direction: column; gap: .5rem; list-style: none; margin: 0; padding: 0 }
.frame { background: var(--card); border: 1px solid var(--line); border-radius: 8px; box-shadow: var(--shadow); min-width: 0 }
.frame > details > summary, .frame > .head { display: flex; flex-wrap: wrap; gap: .1rem .75rem; align-items: baseline; padding: .55rem .9rem; min-width: 0 }
.frame > details > summary { cursor: pointer; border-radius: 8px }
.frame > details > summary:hover { background: var(--soft) }
.frame > details[open] > summary { border-bottom: 1px solid var(--line); border-radius: 8px 8px 0 0 }
summary { list-style: none }
summary::-webkit-details-marker { display: none }
.frame > details > summary::before, .fold > summary::before, details.v > summary::before, .group > summary::before { content: ""; flex: none; display: inline-block; width: .45em; height: .45em; border: solid var(--dim); border-width: 0 2px 2px 0; transform: rotate(-45deg); margin: 0 .55em .1em .1em }
details[open] > summary::before { transform: rotate(45deg) !important }
.fn { font-weight: 700; font-size: .875rem; overflow-wrap: anywhere }
.fn .async { color: var(--dim); font-weight: 400 }
.place { color: var(--dim); overflow-wrap: anywhere; margin-left: auto; text-align: right }
.library { opacity: 1; background: transparent; box-shadow: none }
.library .fn, .library .place { color: var(--dim); font-weight: 400 }
.fold > summary { cursor: pointer; color: var(--dim); font-size: .8125rem; padding: .3rem .9rem }
.fold > .frames { margin: .25rem 0 .25rem 1rem }
.inside { padding: .25rem 0 .6rem }
.source { margin: 0; padding: .35rem 0; line-height: 1.55; tab-size: 2 }
.source .line { display: block; padding: 0 .9rem 0 4.2em; text-indent: -4.2em; white-space: pre-wrap; overflow-wrap: anywhere }
.source .n { display: inline-block; width: 4.2em; padding-right: 1em; text-align: right; text-indent: 0; color: var(--dim); user-select: none }
.source .here { background: var(--mark); box-shadow: inset 3px 0 0 var(--mark-line) }
.source mark { background: transparent; color: inherit; text-decoration: underline wavy var(--accent); text-decoration-thickness: 1.5px; text-underline-offset: .25em; font-weight: 700 }
.open { font-size: .8125rem; margin: .15rem .9rem .4rem; display: inline-block }
.note { color: var(--dim); font-size: .8125rem; margin: .4rem .9rem }
.group { margin: .15rem .9rem 0 }
.group > summary, .group > h3 { font-size: .75rem; letter-spacing: .03em; text-transform: uppercase; color: var(--dim); font-weight: 600; margin: .5rem 0 .2rem; cursor: default }
.group > summary { cursor: pointer }
.v { line-height: 1.6; overflow-wrap: anywhere }
div.v { padding-left: 1.25em }
details.v > summary { cursor: pointer; border-radius: 4px; padding-left: 1.25em; position: relative }
details.v > summary::before { position: absolute; left: .15em; top: .55em; margin: 0 }
details.v > summary:hover { background: var(--soft) }
.members { margin-left: .45em; padding-left: .8em; border-left: 1px solid var(--line) }
.k { color: var(--text); font-weight: 600 }
.k.index, .k.prototype, .k.internal { color: var(--dim); font-weight: 400 }
.k.private { color: var(--getter) }
.p, .none, .nullish { color: var(--dim) }
.string { color: var(--string) } .number, .boolean { color: var(--number) } .function, .symbol { color: var(--keyword) }
.masked, .missing { color: var(--getter); font-style: italic }
pre.full { margin: .2rem 0; padding: .5rem .7rem; background: var(--soft); border-radius: 6px; white-space: pre-wrap; overflow-wrap: anywhere; max-height: 24rem; overflow: auto; text-indent: 0 }
button.get { min-height: 0; padding: 0 .4rem; font-size: .75rem }
.console { margin: .7rem .9rem .2rem; border: 1px solid var(--line); border-radius: 8px; background: var(--bg) }
.console:focus-within { border-color: var(--focus); box-shadow: 0 0 0 1px var(--focus) }
.console .log { max-height: 30rem; overflow: auto; padding: .1rem .7rem 0 }
.console .log:empty { display: none }
.turn { border-bottom: 1px solid var(--line); padding: .35rem 0 }
.turn:last-child { border-bottom: 0 }
.turn .in, .turn .out, .turn .err { margin: 0; font-family: var(--mono); font-size: .8125rem; white-space: pre-wrap; overflow-wrap: anywhere }
.turn .in::before { content: "\\203A  "; color: var(--link); font-weight: 700 }
.turn .err { color: var(--accent) }
.turn .dump .title { font-family: var(--mono); font-weight: 700; font-size: .8125rem }
.prompt { display: flex; gap: .45rem; padding: .45rem .7rem; align-items: flex-start; position: relative }
.prompt .sign { color: var(--link); font: 700 .8125rem/1.6 var(--mono) }
textarea { flex: 1; min-width: 0; border: 0; background: transparent; color: var(--text); resize: none; padding: 0; line-height: 1.6; outline: none !important; overflow: hidden; font-size: max(.8125rem, 13px) }
.choices { position: absolute; z-index: 5; left: 1.6rem; top: 100%; margin: 0; padding: .25rem; list-style: none; background: var(--card); border: 1px solid var(--line); border-radius: 6px; box-shadow: 0 6px 24px rgb(0 0 0 / .18); max-height: 14rem; overflow: auto; font-family: var(--mono); font-size: .8125rem; min-width: 12rem; max-width: 90% }
.choices li { padding: .1rem .5rem; border-radius: 4px; cursor: pointer }
.choices li[aria-selected=true] { background: var(--link); color: var(--card) }
table { border-collapse: collapse; width: 100%; font-size: .8125rem }
td, th { text-align: left; vertical-align: top; padding: .2rem .75rem .2rem 0; border-bottom: 1px solid var(--line); font-family: var(--mono); overflow-wrap: anywhere }
th { font-weight: 600; color: var(--dim); width: 14rem; max-width: 40%; overflow-wrap: anywhere }
tr:last-child > * { border-bottom: 0 }
.panel { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: .6rem .9rem; margin-bottom: .5rem; box-shadow: var(--shadow) }
.panel > summary { cursor: pointer; font-weight: 600; font-size: .875rem; margin: -.6rem -.9rem; padding: .6rem .9rem }
.panel[open] > summary { margin-bottom: .3rem }
.panel > summary::before { content: ""; display: inline-block; width: .45em; height: .45em; border: solid var(--dim); border-width: 0 2px 2px 0; transform: rotate(-45deg); margin: 0 .6em .1em .1em }
.panel pre { margin: .3rem 0; overflow-x: auto; font-size: .8125rem }
.panel .v { font-size: .8125rem }
dialog { border: 1px solid var(--line); border-radius: 12px; background: var(--card); color: var(--text); padding: 1.4rem; width: min(26rem, calc(100vw - 2rem)); box-shadow: 0 20px 60px rgb(0 0 0 / .35) }
dialog::backdrop { background: rgb(10 15 25 / .5) }
dialog h2 { margin: 0 0 .5rem }
dialog input { font: 1.25rem var(--mono); width: 100%; padding: .5rem .7rem; border: 1px solid var(--dim); border-radius: 8px; background: var(--bg); color: var(--text); letter-spacing: .1em }
dialog .bar { justify-content: flex-end }
dialog p { margin: .5rem 0; font-size: .9375rem }
.problem { color: var(--accent); min-height: 1.4em }
.list { list-style: none; padding: 0; margin: 1rem 0 }
.list li { background: var(--card); border: 1px solid var(--line); border-radius: 8px; margin-bottom: .5rem; padding: .6rem .9rem; overflow-wrap: anywhere }
.list .name { font-family: var(--mono); font-weight: 700 }
.list small { color: var(--dim); display: block }
@media (max-width: 40rem) {
  main, header > div, footer { padding-left: .75rem; padding-right: .75rem }
  .message { font-size: 1.2rem }
  .place { margin-left: 1.15em; text-align: left; width: 100% }
  .source .n { width: 3.4em; padding-right: .7em }
  .source .line { padding-left: 3.4em; text-indent: -3.4em }
  .behind { padding-left: .5rem }
  textarea { font-size: 16px }
  th { width: 40% }
  button { min-height: 2.5rem }
}
@media (prefers-reduced-motion: no-preference) { summary::before { transition: transform .1s } }
@media print { .bar, .console, .fold > summary { display: none } .frame { box-shadow: none } }
`
