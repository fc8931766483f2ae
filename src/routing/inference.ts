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
  /** Its defaults: a union of Default. */
  readonly defaults: DefaultSpec
}

/** A default, by name. */
export interface DefaultSpec {
  readonly name: PropertyKey
  readonly value: unknown
}

// Interfaces, not object types: the compiler then sees at a glance that there is nothing left to fill in, where it would
// otherwise look into every rule of a map whenever it looks at one. That is a factor of ten for a map of 500 rules.

/** What is remembered of one default. */
export interface Default<Name extends PropertyKey, Value> extends DefaultSpec {
  readonly name: Name
  readonly value: Value
}

/** What is remembered of one rule. */
export interface Facts<Path extends string, Domain extends string, Endpoint, Defaults extends DefaultSpec>
  extends RuleSpec {
  readonly path: Path
  readonly domain: Domain
  readonly endpoint: Endpoint
  readonly defaults: Defaults
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
/** The bodies of the placeholders in a text. */
export type Bodies<Text extends string, Found = never> = Text extends `${string}<${infer Body}>${infer Rest}`
  ? Bodies<Rest, Found | Body>
  : Found

/** The name in the body of a placeholder. */
export type NameOf<Body> = Body extends `${string}):${infer Name}`
  ? Name
  : Body extends `${string}:${infer Name}`
    ? Name
    : Body extends string
      ? Body
      : never

/** The name of the converter in the body of a placeholder. */
export type ConverterNameOf<Body> = Body extends `${infer Call}:${string}`
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

type BodiesOf<Spec extends RuleSpec> = Bodies<Spec["path"]> | Bodies<Spec["domain"]>

/** Whether the text of a rule is known to the compiler to its last letter: as a key it would have to be there. */
export type IsKnown<Spec extends RuleSpec> =
  Nothing extends Record<`${Spec["domain"]}|${Spec["path"]}`, 1> ? false : true

// One object each, and not an intersection: that is what editors show.

/** What matching a rule gives. A placeholder comes before a default of its name. */
export type MatchedValues<Spec extends RuleSpec, Table> =
  IsKnown<Spec> extends true
    ? {
        [Each in BodiesOf<Spec> | Spec["defaults"] as Each extends DefaultSpec
          ? Exclude<Each["name"], NameOf<BodiesOf<Spec>>>
          : NameOf<Each>]: Each extends DefaultSpec ? Each["value"] : MatchedValue<Each, Table>
      }
    : LooseValues

/** What building a rule needs. What has a default may be left out; what the rule does not know goes into the query. */
export type BuiltValues<Spec extends RuleSpec, Table> =
  IsKnown<Spec> extends true
    ? NeededValues<Spec, Table> & DefaultValues<Spec> & LooseValues extends infer All
      ? { [Name in keyof All]: All[Name] }
      : never
    : LooseValues

/** The same for a call that gives the query apart: a name that the rule does not know is a mistake. */
export type OwnValues<Spec extends RuleSpec, Table> =
  IsKnown<Spec> extends true
    ? [Spec["defaults"]] extends [never]
      ? { [Body in BodiesOf<Spec> as NameOf<Body>]: BuiltValue<Body, Table> }
      : NeededValues<Spec, Table> & DefaultValues<Spec> extends infer All
        ? { [Name in keyof All]: All[Name] }
        : never
    : LooseValues

type NeededValues<Spec extends RuleSpec, Table> = {
  [Body in BodiesOf<Spec> as Exclude<NameOf<Body>, Spec["defaults"]["name"]>]: BuiltValue<Body, Table>
}
type DefaultValues<Spec extends RuleSpec> = { [Each in Spec["defaults"] as Each["name"]]?: Each["value"] }

// Rules by endpoint, to look one up without going through all. An intersection of small objects, made once for each map;
// under an endpoint the rules stand by their text, since several may lead to it. (A mapped type with an `as` clause would
// say the same, but the compiler goes through all of it at every look-up.)
type Entry<Spec extends RuleSpec> = Spec extends RuleSpec
  ? [string extends Spec["endpoint"] ? false : IsKnown<Spec>] extends [true]
    ? { [Name in Spec["endpoint"] & string]: { [Text in `${Spec["domain"]}|${Spec["path"]}`]: Spec } }
    : never
  : never
type Intersection<Union> = (Union extends unknown ? (each: Union) => void : never) extends (all: infer All) => void
  ? All
  : never
// The order of these questions is what keeps a look-up cheap: the one about the entry comes first. An endpoint that is no text
// asks for no entry at all and is searched. An endpoint without an entry is a text that is known at run time only.
type LookUp<Spec extends RuleSpec, Entries, Endpoint> = Entries extends { [Name in Endpoint & string]: infer Found }
  ? [unknown] extends [Found]
    ? Search<Spec, Endpoint>
    : Found[keyof Found]
  : Facts<string, string, Endpoint, never>
type Search<Spec extends RuleSpec, Endpoint> = Spec extends RuleSpec
  ? Endpoint extends Spec["endpoint"]
    ? Spec
    : never
  : never
// Nothing is found where the endpoint is any text.
type EachBuilt<Spec, Table> = [Spec] extends [never]
  ? LooseValues
  : Spec extends RuleSpec
    ? BuiltValues<Spec, Table>
    : never

/** What building an endpoint needs: one of several, where several rules lead to it. */
export type ValuesFor<Spec extends RuleSpec, Table, Endpoint> = EachBuilt<
  LookUp<Spec, Intersection<Entry<Spec>>, Endpoint>,
  Table
>

/** The values as an argument that may be left out where nothing is needed. */
export type ValuesArgument<Values, Options> = [Nothing] extends [Values]
  ? [values?: Values | undefined, options?: Options]
  : [values: Values, options?: Options]
