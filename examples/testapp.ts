// A page that shows what an application gets to see: the runtime, and the environ of the very request. It comes with the
// package, to try a server or a proxy with it:
//
//     npx werkstatt run werkstatt/testapp
//
// GET /         -> 200
// GET /a?b=%3C  -> 200

export { testApp as app } from "werkstatt/testapp"
