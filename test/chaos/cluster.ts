import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { Server, Socket } from 'node:net'
import { initDataDirectory } from '../../src/init.ts'
import { freePort, prepareConnectorProcess } from '../helpers/connector-process.ts'
import type { ConnectorProcess } from '../helpers/connector-process.ts'

/** A connector, and the processes that it runs in. */
export interface Cluster {
  /** As its clients and partners see it: up while any process is. */
  readonly connector: ConnectorProcess
  readonly processes: readonly ConnectorProcess[]
  readonly settings: Readonly<Record<string, string>>
  /** The process to be killed next: each in its turn. */
  next(): ConnectorProcess
  close(): Promise<void>
}

export interface ClusterOptions {
  readonly name: string
  readonly dataDirectory: string
  readonly settings: Readonly<Record<string, string>>
  readonly replicas: number
}

/** Prepares a connector of one process, or of several on one data folder and one database, behind a balancer of connections. */
export async function prepareCluster(options: ClusterOptions): Promise<Cluster> {
  const { name, dataDirectory, settings, replicas } = options
  if (replicas === 1) {
    const connector = await prepareConnectorProcess({ name, dataDirectory, settings })
    return { connector, processes: [connector], settings, next: () => connector, close: () => connector.kill() }
  }
  const processes: ConnectorProcess[] = []
  const [publicSide, managementSide] = [await balance(processes, ({ publicUrl }) => publicUrl), await balance(processes, ({ managementUrl }) => managementUrl)]
  const shared = { ...settings, CONCORDAT_PUBLIC_URL: `http://localhost:${publicSide.port}` }
  await initDataDirectory(dataDirectory, shared)
  for (let number = 1; number <= replicas; number++) {
    processes.push(await prepareConnectorProcess({ name: `${name} ${number}`, dataDirectory, settings: shared, ports: { public: await freePort(), management: await freePort() } }))
  }
  let turn = 0
  return {
    connector: asOne(processes, { name, publicUrl: shared.CONCORDAT_PUBLIC_URL, managementUrl: `http://127.0.0.1:${managementSide.port}` }),
    processes,
    settings: shared,
    next: () => {
      const process = processes[turn++ % processes.length]
      if (process === undefined) throw new Error('There is no process')
      return process
    },
    close: async () => {
      await Promise.all(processes.map((process) => process.kill()))
      await Promise.all([publicSide.close(), managementSide.close()])
    },
  }
}

function asOne(processes: readonly ConnectorProcess[], { name, publicUrl, managementUrl }: Pick<ConnectorProcess, 'name' | 'publicUrl' | 'managementUrl'>): ConnectorProcess {
  const [first] = processes
  if (first === undefined) throw new Error('There is no process')
  return {
    name,
    publicUrl,
    managementUrl,
    dataDirectory: first.dataDirectory,
    token: first.token,
    get pid() {
      return processes.find(({ pid }) => pid !== undefined)?.pid
    },
    get up() {
      return processes.some(({ up }) => up)
    },
    get deaths() {
      return processes.flatMap(({ deaths }) => deaths)
    },
    start: async () => {
      await Promise.all(processes.filter(({ pid }) => pid === undefined).map((process) => process.start()))
    },
    whenUp: () => Promise.any(processes.map((process) => process.whenUp())),
    kill: async (signal) => {
      await Promise.all(processes.map((process) => process.kill(signal)))
    },
    lastWords: () => processes.map((process) => process.lastWords()).join('\n'),
  }
}

interface Balancer {
  readonly port: number
  close(): Promise<void>
}

/** Hands each connection to the next process that is up, and breaks it with that process. */
async function balance(processes: readonly ConnectorProcess[], addressOf: (process: ConnectorProcess) => string): Promise<Balancer> {
  const sockets = new Set<Socket>()
  let turn = 0
  const server: Server = createServer((socket) => {
    const up = processes.filter((process) => process.up)
    const chosen = up[turn++ % Math.max(1, up.length)]
    if (chosen === undefined) return void socket.destroy()
    const behind = connect(Number(new URL(addressOf(chosen)).port), '127.0.0.1')
    for (const [one, other] of [[socket, behind], [behind, socket]] as const) {
      sockets.add(one)
      one.on('error', () => other.destroy())
      one.on('close', () => {
        sockets.delete(one)
        other.destroy()
      })
    }
    socket.pipe(behind)
    behind.pipe(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('There is no free port')
  return {
    port: address.port,
    close: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
