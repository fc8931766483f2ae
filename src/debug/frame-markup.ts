// Frames and errors as HTML: the source with its place marked, the variables, and room for a console.

import { relative, sep } from "node:path"
import type { SafeHtml } from "../http/html.ts"
import { editorLink } from "./editor.ts"
import { type Quietly, type VariableGroup, variablesOf } from "./frame-variables.ts"
import { markup } from "./markup.ts"
import { represent } from "./representation.ts"
import type { Excerpt } from "./sources.ts"
import type { Absence, Frame, TracedError } from "./traceback.ts"
import { titleOf } from "./traceback-text.ts"
import { type NumberOf, valueMarkup } from "./value-markup.ts"

/** What a page of an error needs besides the error. */
export interface FrameView {
  readonly numberOf: NumberOf
  readonly quietly: Quietly
  /** Whether code can be evaluated. */
  readonly hasConsole: boolean
  readonly editor: string
}

const ABSENCE: Record<Absence, string> = {
  waiting:
    "This function was waiting for a promise: its variables cannot be seen. To see them, throw before the await, or look at the frame above.",
  returned: "This function had returned when the error was thrown: the error was made here and thrown elsewhere.",
  native: "Native code has no variables.",
  "not captured": "The variables of this frame were not kept.",
}

/** An error with all that is behind it. */
export function errorMarkup(error: TracedError, view: FrameView, open: Frame | undefined): SafeHtml {
  const heading =
    error.relation === "itself"
      ? undefined
      : markup`<h2>${error.relation === "cause" ? "Caused by" : "One of its errors"} <span class="name">${error.name}</span></h2>${error.message !== "" && markup`<p class="cause">${error.message}</p>`}`
  return markup`<section class="error" aria-label="${titleOf(error).slice(0, 200)}">${heading}
${error.properties.length > 0 && markup`<div class="panel">${error.properties.map(([name, value]) => valueMarkup(represent(value, { name, maxMembers: 25 }), view.numberOf, markup`<span class="k">${name}</span>`))}</div>`}
<ol class="frames">${foldedFrames(error.frames, view, open)}</ol>
${error.frames.length === 0 && markup`<p class="note">This error brings no frames.</p>`}
${error.behind.length > 0 && markup`<div class="behind">${error.behind.map((each) => errorMarkup(each, view, firstOwn(each)))}</div>`}
</section>`
}

/** The frame to look at first: the innermost one of the application. */
export function firstOwn({ frames }: TracedError): Frame | undefined {
  return frames.find(({ isLibrary }) => !isLibrary) ?? frames.find(({ excerpt }) => excerpt !== undefined)
}

/** Neighbouring frames of libraries are one line. */
function foldedFrames(frames: readonly Frame[], view: FrameView, open: Frame | undefined): SafeHtml[] {
  const shown: SafeHtml[] = []
  for (let index = 0; index < frames.length; ) {
    let end = index
    while (end < frames.length && frames[end]?.isLibrary === true && frames[end] !== open) end++
    if (end - index >= 2) {
      const folded = frames.slice(index, end).map((frame) => frameMarkup(frame, view, false))
      shown.push(
        markup`<li><details class="fold"><summary>${end - index} library frames</summary><ol class="frames">${folded}</ol></details></li>`,
      )
      index = end
    } else {
      const frame = frames[index++] as Frame
      shown.push(frameMarkup(frame, view, frame === open))
    }
  }
  return shown
}

function frameMarkup(frame: Frame, view: FrameView, isOpen: boolean): SafeHtml {
  const { place, functionName, isAsync, isLibrary, excerpt } = frame
  const name = markup`<span class="fn">${isAsync && markup`<span class="async">async </span>`}${functionName || "(anonymous)"}</span>`
  const where =
    place &&
    markup`<span class="place" title="${place.file}">${shortFile(place.file)}:${place.line}:${place.column}</span>`
  const head = markup`${name} ${where}`
  const kind = isLibrary ? "frame library" : "frame"
  if (excerpt === undefined && frame.captured === undefined)
    return markup`<li class="${kind}"><div class="head">${head}</div></li>`
  return markup`<li class="${kind}" data-index="${frame.index}"><details${isOpen && markup` open`}><summary>${head}</summary><div class="inside">
${excerpt !== undefined && excerptMarkup(excerpt)}${placeLink(frame, view)}${variablesMarkup(frame, view)}${consoleOf(frame, view)}</div></details></li>`
}

/**
 * A file as it is called from the folder of the process.
 *
 * @example
 * shortFile("node:fs") // => "node:fs"
 */
export function shortFile(file: string): string {
  const modules = file.lastIndexOf(`node_modules${sep}`)
  if (modules !== -1) return file.slice(modules + "node_modules".length + 1)
  const near = file.startsWith("/") || /^[a-z]:/i.test(file) ? relative(process.cwd(), file) : file
  return near.startsWith("..") || near === "" ? file : near
}

function placeLink({ place, functionName }: Frame, { editor }: FrameView): SafeHtml | undefined {
  const link = place && editorLink(place.file, place.line, place.column, editor)
  if (link === undefined) return undefined
  return markup`<a class="open" href="${link}">Open in editor<span class="sr"> ${functionName}</span></a>`
}

/** Lines of a source, with the place marked. */
export function excerptMarkup({ first, lines, line, column }: Excerpt): SafeHtml {
  const shown = lines.map((text, index) => {
    const number = markup`<span class="n">${first + index} </span>`
    if (first + index !== line) return markup`<span class="line">${number}${text || " "}</span>`
    const before = text.slice(0, column - 1)
    const rest = text.slice(column - 1)
    const token = /^(?:(?:new|await|throw|return)\s+)?[\p{ID_Continue}$#.]+/u.exec(rest)?.[0] ?? rest.slice(0, 1)
    return markup`<span class="line here">${number}${before}<mark>${token}</mark>${rest.slice(token.length)}</span>`
  })
  return markup`<pre class="source">${shown}</pre>`
}

function variablesMarkup(frame: Frame, { numberOf, quietly }: FrameView): SafeHtml | undefined {
  if (frame.captured === undefined) {
    if (frame.isLibrary || frame.absence === undefined) return undefined
    return markup`<p class="note">${ABSENCE[frame.absence]}</p>`
  }
  const groups = variablesOf(frame.captured, quietly).filter(({ variables }) => variables.length > 0)
  return markup`${groups.map((group) => groupMarkup(group, numberOf))}`
}

function groupMarkup({ title, variables, more }: VariableGroup, numberOf: NumberOf): SafeHtml {
  const lines = markup`${variables.map(([name, value]) => valueMarkup(value, numberOf, markup`<span class="k">${name}</span>`))}${more > 0 && markup`<div class="v none">… ${more} more</div>`}`
  if (title === "Variables") return markup`<div class="group"><h3>${title}</h3>${lines}</div>`
  return markup`<details class="group"><summary>${title}</summary>${lines}</details>`
}

function consoleOf({ captured, index, functionName }: Frame, { hasConsole }: FrameView): SafeHtml | undefined {
  if (!hasConsole || captured?.evaluate === undefined) return undefined
  return consoleMarkup(functionName || "this frame", index)
}

/** Room for a console, which the script brings to life. */
export function consoleMarkup(name: string, frame: number | undefined): SafeHtml {
  return markup`<div class="console" hidden${frame !== undefined && markup` data-frame="${frame}"`}><div class="log" role="log" tabindex="0" aria-label="Results in ${name}"></div>
<div class="prompt"><span class="sign" aria-hidden="true">›</span><textarea rows="1" spellcheck="false" autocomplete="off" autocapitalize="off" aria-label="Code to evaluate in ${name}" aria-autocomplete="list" placeholder="Evaluate in ${name}"></textarea><ul class="choices" role="listbox" aria-label="Completions" tabindex="0" hidden></ul></div></div>`
}
