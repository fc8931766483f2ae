// The front door: the names of every day. Nothing is defined here.

export type { Application, Body, Environ, HeaderList, Responder, StartResponse, Write } from "./gateway.ts"
