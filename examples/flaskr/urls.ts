// All URLs of the application, by name. Views, forms and links take them from here.

import { form, route, routes } from "werkstatt/routing"

export const urls = routes({
  index: route("/", { methods: ["GET"] }),
  auth: {
    register: form("auth/register"),
    login: form("auth/login"),
    logout: route("/auth/logout", { methods: ["POST"] }),
  },
  posts: {
    create: form("create"),
    update: form("<int:id>/update"),
    delete: route("/<int:id>/delete", { methods: ["POST"] }),
    picture: route("/pictures/<name>", { methods: ["GET"] }),
  },
  api: {
    list: route("/api/posts", { methods: ["GET"] }),
    create: route("/api/posts", { methods: ["POST"] }),
    show: route("/api/posts/<int:id>", { methods: ["GET"] }),
  },
})
