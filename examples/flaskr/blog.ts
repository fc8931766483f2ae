// The blog: posts of all users, with a picture each if they like. Only authors change what they have written.

import { BadRequest, Forbidden, NotFound, type Request, type Response, redirect } from "werkstatt"
import type { FileStorage } from "werkstatt/datastructures"
import { html, type SafeHtml } from "werkstatt/http"
import { csrfField } from "werkstatt/sessions"
import { loginRequired } from "./auth.ts"
import { page } from "./page.ts"
import { keepPicture, removePicture, showPicture } from "./pictures.ts"
import { urls } from "./urls.ts"
import { currentUser, database, type User } from "./visitor.ts"

export interface Post {
  id: number
  author_id: number
  author: string
  created: string
  title: string
  body: string
  picture: string | null
}

export const SELECT = "SELECT post.*, user.name AS author FROM post JOIN user ON user.id = post.author_id"

export async function index(request: Request): Promise<Response> {
  const user = await currentUser(request)
  const posts = database().all<Post>(`${SELECT} ORDER BY post.id DESC LIMIT 20`)
  const create = user && html`<p><a href="${urls.posts.create.index.build()}">New post</a>`
  return page(request, "Posts", html`${create}${posts.map((post) => article(post, user))}`)
}

function article(post: Post, user: User | undefined): SafeHtml {
  const { id, title, author, created, body, picture } = post
  return html`<article>
<h2>${title}</h2>
<p>by ${author} on <time>${created.slice(0, 10)}</time>
${user?.id === post.author_id && html`<a href="${urls.posts.update.index.build({ id })}">Edit</a>`}</p>
${picture !== null && html`<img src="${urls.posts.picture.build({ name: picture })}" alt="">`}
<p class="body">${body}</p>
</article>`
}

interface Draft {
  title: string
  body: string
  file: FileStorage | undefined
}

async function draftOf(request: Request): Promise<Draft> {
  const [form, files] = [await request.form(), await request.files()]
  const title = form.get("title")?.trim() ?? ""
  if (title === "") throw new BadRequest("A title is required.")
  const file = files.get("picture")
  return { title, body: form.get("body") ?? "", file: file?.hasFile ? file : undefined }
}

const showCreate = loginRequired(async (request) => page(request, "New post", await editor(request)))

/** Takes the folder that pictures are kept in. */
const create = (folder: string) =>
  loginRequired(async (request, _values, user) => {
    const { title, body, file } = await draftOf(request)
    const picture = file === undefined ? null : await keepPicture(file, folder)
    const sql = "INSERT INTO post (author_id, title, body, picture) VALUES (?, ?, ?, ?)"
    database().run(sql, user.id, title, body, picture)
    return redirect(urls.index.build())
  })

async function editor(request: Request, { title = "", body = "" }: Partial<Post> = {}): Promise<SafeHtml> {
  return html`<form method="post" enctype="multipart/form-data">${await csrfField(request)}
<p><label>Title <input name="title" value="${title}" required></label>
<p><label>Text <textarea name="body" rows="8">${body}</textarea></label>
<p><label>Picture <input name="picture" type="file" accept="image/png,image/jpeg,image/gif,image/webp"></label>
<p><button>Save</button></form>`
}

/** The post, if it is the user's own. */
function ownPost(id: number, user: User): Post {
  const post = database().get<Post>(`${SELECT} WHERE post.id = ?`, id)
  if (post === undefined) throw new NotFound("There is no such post.")
  if (post.author_id !== user.id) throw new Forbidden("This post is by somebody else.")
  return post
}

const showUpdate = loginRequired(async (request, { id }: { id: number }, user) => {
  const post = ownPost(id, user)
  const remove = html`<form method="post" action="${urls.posts.delete.build({ id })}">${await csrfField(request)}<button>Delete</button></form>`
  return page(request, `Edit "${post.title}"`, html`${await editor(request, post)}${remove}`)
})

const update = (folder: string) =>
  loginRequired(async (request, { id }: { id: number }, user) => {
    const post = ownPost(id, user)
    const { title, body, file } = await draftOf(request)
    const picture = file === undefined ? post.picture : await keepPicture(file, folder)
    database().run("UPDATE post SET title = ?, body = ?, picture = ? WHERE id = ?", title, body, picture, id)
    if (picture !== post.picture) await removePicture(post.picture, folder)
    return redirect(urls.index.build())
  })

const remove = (folder: string) =>
  loginRequired(async (_request, { id }: { id: number }, user) => {
    const post = ownPost(id, user)
    database().run("DELETE FROM post WHERE id = ?", id)
    await removePicture(post.picture, folder)
    return redirect(urls.index.build())
  })

export const postViews = (folder: string) => ({
  create: { index: showCreate, action: create(folder) },
  update: { index: showUpdate, action: update(folder) },
  delete: remove(folder),
  picture: showPicture(folder),
})
