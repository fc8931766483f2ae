// The application as a Worker.

import { handle } from "./application.ts"

export default { fetch: handle }
