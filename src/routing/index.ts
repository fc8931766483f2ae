// URLs to endpoints and back.

export {
  AnyConverter,
  BaseConverter,
  type Converter,
  type ConverterClass,
  type ConverterMap,
  type ConverterSource,
  defaultConverters,
  FloatConverter,
  IntegerConverter,
  PathConverter,
  StringConverter,
  UUIDConverter,
  ValidationError,
} from "./converters.ts"
export { AllowedMethods, BuildError, DuplicateRuleError, RequestRedirect, WebsocketMismatch } from "./errors.ts"
export type { ConverterTable, DefaultSpec, RuleSpec } from "./inference.ts"
export {
  type BuildOptions,
  type DispatchOptions,
  MapAdapter,
  type Match,
  type MatchOptions,
  type QueryArguments,
  type RedirectUrlOptions,
} from "./map-adapter.ts"
export type { ConverterArgument, ConverterArguments, PatternPiece, Placeholder } from "./pattern.ts"
export { formatRoutes } from "./route-table.ts"
export {
  type FormRoutes,
  form,
  type ResourceOptions,
  type ResourceRoutes,
  RouteText,
  type RouteTree,
  resources,
  route,
} from "./route-tree.ts"
export { type MapOf, mapOf, Route, type RouteBinding, type RouteBuildOptions, type Routes, routes } from "./routes.ts"
export {
  type RedirectAdapter,
  type RedirectTarget,
  Rule,
  type RuleChanges,
  type RuleFactory,
  type RuleOptions,
  type RuleValues,
  rule,
  type SpecOf,
} from "./rule.ts"
export {
  endpointPrefix,
  type RuleTemplate,
  ruleTemplate,
  subdomain,
  submount,
  type TemplateContext,
} from "./rule-factories.ts"
export {
  type BindOptions,
  type BindToEnvironOptions,
  type RequestLike,
  RuleMap,
  type RuleMapOptions,
} from "./rule-map.ts"
export { after, before, type RouteView, type ViewsOptions, type ViewTree, views } from "./views.ts"
