// Mistakes in the text of a rule that the compiler can see: its error then says what is wrong, where the text stands.
// pattern.ts says the same at run time, for texts that the compiler does not know.

import type { Bodies, ConverterNameOf, DefaultConverters, IsKnown, NameOf, RuleSpec } from "./inference.ts"

/** A property that wrong arguments lack, so that the compiler prints its message; there is no such member at run time. */
export interface Mistake<Message extends string> {
  readonly "~mistake": Message
}

type Letter =
  | "a"
  | "b"
  | "c"
  | "d"
  | "e"
  | "f"
  | "g"
  | "h"
  | "i"
  | "j"
  | "k"
  | "l"
  | "m"
  | "n"
  | "o"
  | "p"
  | "q"
  | "r"
  | "s"
  | "t"
  | "u"
  | "v"
  | "w"
  | "x"
  | "y"
  | "z"
  | "_"
type NoName = " " | "-" | "." | "<" | "/" | "(" | ")" | ":" | "," | "{" | "}" | "*" | "+" | "?" | "=" | "!" | "@"
type Digit = "0" | "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9"
type Quote = '"' | "'"

/** The bodies of placeholders that have no name. Arguments in quotes may hold anything, so these are left to run time. */
type Nameless<Body> = Body extends `${string}${Quote}${string}`
  ? never
  : NameOf<Body> extends "" | `${string}${NoName}${string}` | `${Digit}${string}`
    ? Body
    : ConverterNameOf<Body> extends "" | `${string}${NoName}${string}`
      ? Body
      : never

/** The text behind the last placeholder. */
type Behind<Text extends string> = Text extends `${string}<${string}>${infer Rest}` ? Behind<Rest> : Text

type PlaceholderMistake<Text extends string> = Text extends `${string}<${string}`
  ? [Nameless<Bodies<Text>>] extends [never]
    ? Behind<Text> extends `${string}<${string}`
      ? Mistake<"A placeholder is not closed: write <name>">
      : unknown
    : Mistake<`Write <name>, <converter:name> or <converter(arguments):name>, not <${Nameless<Bodies<Text>> & string}>`>
  : unknown

/** Nothing more for a text that can be right, and for one that is known at run time only. */
export type CheckedText<Text extends string> =
  Record<never, never> extends Record<Text, 1>
    ? unknown
    : Text extends `/${string}`
      ? Text extends `${string}/:${infer First}${string}`
        ? Lowercase<First> extends Letter
          ? Mistake<"A placeholder is written <name>, not :name">
          : PlaceholderMistake<Text>
        : PlaceholderMistake<Text>
      : Mistake<`A rule starts with a slash: /${Text}`>

/** Nothing more for what can be an endpoint; options in its place are a mistake. */
export type CheckedEndpoint<Endpoint, Options> = Endpoint extends object
  ? Endpoint extends { readonly endpoint: unknown }
    ? Mistake<"Write rule(text, endpoint, options)">
    : [keyof Endpoint] extends [never]
      ? unknown
      : [keyof Endpoint] extends [keyof Options]
        ? Mistake<"Write rule(text, endpoint, options)">
        : unknown
  : unknown

type UnknownConverter<Spec extends RuleSpec, Table> = Spec extends RuleSpec
  ? Spec["path"] | Spec["domain"] extends infer Text extends string
    ? IsKnown<Spec> extends true
      ? Exclude<ConverterNameOf<Bodies<Text>>, keyof Table | keyof DefaultConverters>
      : never
    : never
  : never

/** Nothing more for rules whose converters the map has. */
export type CheckedConverters<Spec extends RuleSpec, Table> = [UnknownConverter<Spec, Table>] extends [never]
  ? unknown
  : Mistake<`There is no converter "${UnknownConverter<Spec, Table> & string}": give it to the map in { converters }`>
