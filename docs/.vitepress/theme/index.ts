// The default theme with the fonts of the reader's system, so that no page waits for one.

import Theme from "vitepress/theme-without-fonts"
import "./style.css"

export default Theme
