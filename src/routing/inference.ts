// What the compiler knows from a rule's text: the names of its placeholders, and for each the type of its value.
// Every rule is taken apart by itself, once and only when asked, and a map is the union of its rules: no type here
// goes through a list of rules, so that the cost grows with the rules that are used and not with their number squared.

import type { Converter, ConverterClass, ConverterSource, defaultConverters } from "./converters.ts"

/** What the types of a rule remember. */
export interface RuleSpec {
  /** The text of the rule. */
  readonly path: string
  /** The text of its subdomain or host. */
  readonly domain: string
  /** What it leads to. */
  readonly endpoint: unknown
  /** Its defaults. */
  readonly defaults: object
}

/** The converters of a map, by the name that rules call them. */
export type ConverterTable = Readonly<Record<string, ConverterSource>>

/** The converters that every map has. */
export type DefaultConverters = typeof defaultConverters

/** No values at all. */
export type Nothing = Record<never, never>

/** Values about whose names nothing is known. */
export type LooseValues = Record<string, unknown>

// A placeholder's body is what stands between the brackets: "int(min=1):year", "slug".
type Bodies<Text extends string, Found = never> = Text extends `${string}<${infer Body}>${infer Rest}`
  ? Bodies<Rest, Found | Body>
  : Found

type NameOf<Body> = Body extends `${string}):${infer Name}`
  ? Name
  : Body extends `${string}:${infer Name}`
    ? Name
    : Body extends string
      ? Body
      : never

type ConverterNameOf<Body> = Body extends `${infer Call}:${string}`
  ? Call extends `${infer Name}(${string}`
    ? Name
    : Call
  : "default"

type ConverterOf<Source> = Source extends ConverterClass ? InstanceType<Source> : Source
type ValueOf<Source> = ConverterOf<Source> extends Converter<infer Value, never> ? Value : unknown
type InputOf<Source> = ConverterOf<Source> extends { toUrl(value: infer Input): string } ? Input : unknown

type Trim<Text extends string> = Text extends ` ${infer Rest}`
  ? Trim<Rest>
  : Text extends `${infer Rest} `
    ? Trim<Rest>
    : Text
type Unquote<Text extends string> = Text extends `"${infer Inside}"` | `'${infer Inside}'` ? Inside : Text

/** The words of `any(one, two)`, unless there is a comma inside a quoted one. */
type Words<Args extends string, Found = never> = Args extends `${infer Word},${infer Rest}`
  ? Words<Rest, Found | Unquote<Trim<Word>>>
  : Found | Exclude<Unquote<Trim<Args>>, "">
type WordsOf<Body> = Body extends `any(${infer Args}):${string}`
  ? Args extends `${string}${"'" | '"'}${string},${string}${"'" | '"'}${string}`
    ? string
    : Words<Args>
  : string

type SourceOf<Body, Table> =
  ConverterNameOf<Body> extends infer Name
    ? Name extends keyof Table
      ? Table[Name]
      : Name extends keyof DefaultConverters
        ? DefaultConverters[Name]
        : unknown
    : never

type MatchedValue<Body, Table> =
  SourceOf<Body, Table> extends infer Source
    ? Source extends DefaultConverters["any"]
      ? WordsOf<Body>
      : ValueOf<Source>
    : never
type BuiltValue<Body, Table> =
  SourceOf<Body, Table> extends infer Source
    ? Source extends DefaultConverters["any"]
      ? WordsOf<Body>
      : InputOf<Source>
    : never

type Flatten<T> = { [Key in keyof T]: T[Key] }
type BodiesOf<Spec extends RuleSpec> = Bodies<Spec["path"]> | Bodies<Spec["domain"]>

/** Whether the text of a rule is known to the compiler. */
type IsKnown<Spec extends RuleSpec> = string extends Spec["path"] | Spec["domain"] ? false : true

/** What matching a rule gives. A placeholder comes before a default of its name. */
export type MatchedValues<Spec extends RuleSpec, Table> =
  IsKnown<Spec> extends true
    ? Flatten<
        { [Body in BodiesOf<Spec> as NameOf<Body>]: MatchedValue<Body, Table> } & Omit<
          Spec["defaults"],
          NameOf<BodiesOf<Spec>>
        >
      >
    : LooseValues

/** What building a rule needs. What has a default may be left out; what the rule does not know goes into the query. */
export type BuiltValues<Spec extends RuleSpec, Table> =
  IsKnown<Spec> extends true
    ? {
        [Body in BodiesOf<Spec> as NameOf<Body> extends keyof Spec["defaults"] ? never : NameOf<Body>]: BuiltValue<
          Body,
          Table
        >
      } & { [Name in keyof Spec["defaults"]]?: Spec["defaults"][Name] } & { [query: string]: unknown }
    : LooseValues

/** A rule that matched, with its values; a union that narrows on `endpoint`. */
export type MatchOf<Spec extends RuleSpec, Table> = Spec extends RuleSpec
  ? { readonly endpoint: Spec["endpoint"]; readonly values: MatchedValues<Spec, Table> }
  : never

/** By endpoint what building needs, for endpoints that can be keys: looked up, not searched. */
type BuildTable<Spec extends RuleSpec, Table> = {
  [Each in Spec as Each["endpoint"] & string]: BuiltValues<Each, Table>
}

/** What building an endpoint needs: one of several, where several rules lead to it. */
export type ValuesFor<Spec extends RuleSpec, Table, Endpoint> = Endpoint extends keyof BuildTable<Spec, Table>
  ? BuildTable<Spec, Table>[Endpoint]
  : Spec extends RuleSpec
    ? Endpoint extends Spec["endpoint"]
      ? BuiltValues<Spec, Table>
      : never
    : never

/** The values as an argument that may be left out where nothing is needed. */
export type ValuesArgument<Values, Options> = [Nothing] extends [Values]
  ? [values?: Values | undefined, options?: Options]
  : [values: Values, options?: Options]
