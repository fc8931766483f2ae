// All URLs by name; nothing else spells them out.

import { form, routes } from "werkstatt/routing"

export const urls = routes({ guestbook: form("/") })
