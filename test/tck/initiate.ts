import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import type { Connector } from '../../src/connector.ts'
import { isProblem } from '../../src/errors.ts'

/** The two addresses by which the kit has the tested connector begin, as consumer. */
export interface Initiate {
  readonly negotiationUrl: string
  readonly transferUrl: string
  close(): Promise<void>
}

type Services = Pick<Connector['services'], 'negotiations' | 'transfers'>
type Fields = Readonly<Record<string, string>>

/** Listens for the kit's plain JSON: `{providerId, offerId, datasetId, connectorAddress}` and `{providerId, agreementId, format, connectorAddress}`. */
export async function listenForInitiation(services: Services, port: number): Promise<Initiate> {
  const server = createServer((request, response) => {
    answer(services, request, response).catch((error: unknown) => {
      response.writeHead(isProblem(error) ? error.status : 500, { 'content-type': 'text/plain' }).end(Error.isError(error) ? error.message : 'failed')
    })
  })
  const url = `http://127.0.0.1:${await listenOn(server, port)}/tck`
  return {
    negotiationUrl: `${url}/negotiations/requests`,
    transferUrl: `${url}/transfers/requests`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function answer(services: Services, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await text(request)
  const begin = begins[`${request.method} ${request.url}`]
  if (begin === undefined) return void response.writeHead(404).end()
  const fields: unknown = JSON.parse(body)
  const id = await begin(services, isFields(fields) ? fields : {})
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ id }))
}

const begins: Readonly<Record<string, (services: Services, fields: Fields) => Promise<string>>> = {
  'POST /tck/negotiations/requests': async ({ negotiations }, { providerId = '', offerId = '', datasetId = '', connectorAddress = '' }) => {
    const offer = { '@id': offerId, '@type': 'Offer', target: datasetId, permission: [{ action: 'use' }] } as const
    const { id } = await negotiations.request({ partner: providerId, offer, address: connectorAddress })
    return id
  },
  'POST /tck/transfers/requests': async ({ transfers }, { agreementId = '', format = '', connectorAddress = '' }) => {
    const { id } = await transfers.request({ agreementId, format, address: connectorAddress })
    return id
  },
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && Object.values(value).every((field) => typeof field === 'string')
}

/** Listens on the loopback address; gives the port. */
export function listenOn(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => {
      const address = server.address()
      if (address === null || typeof address === 'string') reject(new Error('The server has no port'))
      else resolve(address.port)
    })
  })
}
