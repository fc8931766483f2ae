// A real front server as a process, with a configuration of docs/front-servers.md and the least around it.

import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { readFileSync, writeFileSync } from "node:fs"
import { type AddressInfo, connect, createServer } from "node:net"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

export type FrontName = "nginx" | "apache" | "lighttpd" | "haproxy"

const PROGRAMS: Readonly<Record<FrontName, string>> = {
  nginx: "nginx",
  apache: "apache2",
  lighttpd: "lighttpd",
  haproxy: "haproxy",
}

/** Whether the program is there; root finds it in /usr/sbin. */
export function isInstalled(front: FrontName): boolean {
  return spawnSync("/bin/sh", ["-c", `PATH="$PATH:/usr/sbin" command -v ${PROGRAMS[front]}`]).status === 0
}

const docs = readFileSync(fileURLToPath(new URL("../../docs/front-servers.md", import.meta.url)), "utf8")

/** The configuration that stands in the docs behind `By PROTOCOL`, in the section of a front server. */
export function documented(front: FrontName, protocol: string): string {
  const section = docs.split(/^## /m).find((each) => each.toLowerCase().startsWith(front)) ?? ""
  const block = new RegExp(`^By ${protocol}\\b[^\`]*?\`\`\`\\w+\\n([\\s\\S]*?)^\`\`\``, "m").exec(
    section.replace(/`[^`\n]+`/g, (code) => code.replaceAll("`", "'")),
  )
  if (block === null) throw new Error(`docs/front-servers.md has no configuration of ${front} by ${protocol}`)
  return block[1] as string
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, "close")
  return port
}

const isRoot = process.getuid?.() === 0

function nginx(folder: string, own: string): string {
  return `${isRoot ? "user root;" : ""}
worker_processes 1;
pid ${folder}/nginx.pid;
error_log ${folder}/front.log;
events {}
http {
  access_log off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  scgi_temp_path ${folder}/scgi;
  uwsgi_temp_path ${folder}/uwsgi;
${own}
}`
}

function apache(folder: string, own: string, port: number): string {
  const modules = "mpm_event authz_core alias headers proxy proxy_http proxy_fcgi proxy_scgi proxy_uwsgi cgid"
  return `ServerRoot ${folder}
ServerName localhost
Listen 127.0.0.1:${port}
DefaultRuntimeDir ${folder}
PidFile ${folder}/apache.pid
ErrorLog ${folder}/front.log
Mutex file:${folder} default
${modules
  .split(" ")
  .map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`)
  .join("\n")}
ScriptSock ${folder}/cgid
${isRoot ? "User www-data\nGroup www-data" : ""}
StartServers 1
DocumentRoot ${folder}
<Directory />
  Require all granted
  Options +ExecCGI
</Directory>
${own}`
}

function lighttpd(folder: string, own: string, port: number): string {
  return `server.modules = ( "mod_alias", "mod_setenv", "mod_proxy", "mod_fastcgi", "mod_scgi", "mod_cgi" )
server.document-root = "${folder}"
server.bind = "127.0.0.1"
server.port = ${port}
server.errorlog = "${folder}/front.log"
server.upload-dirs = ( "${folder}" )
${own}`
}

function haproxy(_folder: string, own: string): string {
  return `global
  maxconn 100
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
${own}`
}

const MAKERS = { nginx, apache, lighttpd, haproxy }

const ARGUMENTS: Readonly<Record<FrontName, (file: string, folder: string) => string[]>> = {
  nginx: (file, folder) => ["-p", folder, "-c", file, "-g", "daemon off;"],
  apache: (file) => ["-f", file, "-DFOREGROUND"],
  lighttpd: (file) => ["-D", "-f", file],
  haproxy: (file) => ["-db", "-f", file],
}

/** A front server that runs. */
export class Front {
  readonly port: number
  readonly #child: ChildProcess
  readonly #folder: string
  #output = ""

  private constructor(port: number, child: ChildProcess, folder: string) {
    this.port = port
    this.#child = child
    this.#folder = folder
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on("data", (chunk: Buffer) => {
        this.#output += chunk.toString()
      })
    }
  }

  /** Starts one with the documented configuration; resolves when it takes connections. */
  static async start(front: FrontName, protocol: string, folder: string): Promise<Front> {
    return Front.startWith(front, documented(front, protocol), folder, protocol)
  }

  /** The same with a configuration of any page. */
  static async startWith(front: FrontName, documented: string, folder: string, title: string): Promise<Front> {
    const port = await freePort()
    const own = documented
      .replaceAll("/run/site/", `${folder}/`)
      .replaceAll("/srv/cgi/", `${folder}/`)
      .replace(/listen (?:80|443)/, `listen 127.0.0.1:${port}`)
      .replace(/bind :(?:80|443)\b/, `bind 127.0.0.1:${port}`)
    const file = join(folder, `${front}-${title}.conf`)
    writeFileSync(file, MAKERS[front](folder, own, port))
    const env = { ...process.env, PATH: `${process.env["PATH"]}:/usr/sbin` }
    const child = spawn(PROGRAMS[front], ARGUMENTS[front](file, folder), { env, stdio: ["ignore", "pipe", "pipe"] })
    const started = new Front(port, child, folder)
    for (;;) {
      if (child.exitCode !== null) throw new Error(`${front} has ended:\n${started.log}`)
      const probe = connect(port, "127.0.0.1")
      const isUp = await once(probe, "connect").then(
        () => true,
        () => false,
      )
      probe.destroy()
      if (isUp) return started
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }

  /** What it has said so far. */
  get log(): string {
    try {
      return `${this.#output}${readFileSync(join(this.#folder, "front.log"), "utf8")}`
    } catch {
      return this.#output
    }
  }

  /** Ends it, with all that it has started. */
  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    this.#child.kill("SIGTERM")
    await once(this.#child, "exit")
  }
}
