import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { Router } from 'express'
import type { Request } from 'express'
import type { Catalog } from '../catalog/catalog.ts'
import { dataService } from '../catalog/dcat.ts'
import type { DcatCatalog } from '../catalog/messages.ts'
import { ProblemError } from '../errors.ts'
import { dspContext } from '../policy/dsp-context.ts'
import { exchanging } from './exchange.ts'
import type { ExchangeDeps, Reply } from './exchange.ts'
import { validators } from './validators.ts'

export interface CatalogRoutesDeps extends ExchangeDeps {
  readonly catalog: Pick<Catalog, 'page' | 'visibleDataset'>
  /** Base address of this protocol version, without a trailing slash. */
  readonly address: string
  readonly participantId: string
  /** Datasets on a page for which the request names no size. */
  readonly pageSize: number
}

const compress = promisify(gzip)
const worthCompressing = 1024

/** The catalog over HTTPS (DSP 2025-1, catalog binding §2). */
export function catalogRoutes(deps: CatalogRoutesDeps): Router {
  const router = Router({ strict: false, caseSensitive: true })
  const { address, catalog, participantId, pageSize } = deps
  const about = { '@id': `${address}/catalog`, '@type': 'Catalog', participantId, service: [dataService(address)] } as const satisfies DcatCatalog

  router.post(
    '/catalog/request',
    exchanging(deps, 'catalog', async ({ partner, body, request }) => {
      const { filter } = validators.catalogRequest(body)
      const page = await catalog.page(partner.id, { filter, ...cursorOf(request), limit: pageSize, address })
      // An empty list is not valid (catalog-schema.json): a catalog that holds nothing has none.
      const document = { '@context': dspContext, ...about, ...(page.datasets.length === 0 ? {} : { dataset: page.datasets }) }
      return compressed(request, { status: 200, body: document, headers: links(`${address}/catalog/request`, page) })
    }),
  )
  router.get(
    '/catalog/datasets/:id',
    exchanging(deps, 'catalog', async ({ partner, id, request }) => {
      const dataset = await catalog.visibleDataset(partner.id, id, address)
      if (dataset === undefined) throw new ProblemError('not-found', 'There is no such dataset.')
      return compressed(request, { status: 200, body: { '@context': dspContext, ...dataset } })
    }),
  )
  return router
}

function cursorOf(request: Request): { cursor?: string } {
  const { cursor } = request.query
  if (cursor === undefined) return {}
  if (typeof cursor !== 'string') throw new ProblemError('invalid-cursor', 'The page token must be named once.')
  return { cursor }
}

// DSP 2025-1, catalog binding §2.4: Link headers with the relations next and previous (RFC 8288).
function links(target: string, page: { next?: string; previous?: string }): Record<string, string> {
  const all = [page.next === undefined ? [] : `<${target}?cursor=${page.next}>; rel="next"`, page.previous === undefined ? [] : `<${target}?cursor=${page.previous}>; rel="previous"`].flat()
  return all.length === 0 ? {} : { link: all.join(', ') }
}

// DSP 2025-1, catalog binding §2.4: "gzip" may be used where the client takes it.
async function compressed(request: Request, reply: Reply & { body: object }): Promise<Reply> {
  const headers = { ...reply.headers, vary: 'Accept-Encoding' }
  const text = JSON.stringify(reply.body)
  if (text.length < worthCompressing || request.acceptsEncodings('gzip', 'identity') !== 'gzip') return { status: reply.status, text, headers }
  return { status: reply.status, text: await compress(text), headers: { ...headers, 'content-encoding': 'gzip' } }
}
