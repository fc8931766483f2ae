// Requests that other servers answer. Apart from the other middleware, since it needs the package undici.

export { type HttpProxyOptions, httpProxy, type ProxyApplication, type ProxyTarget } from "./http-proxy.ts"
