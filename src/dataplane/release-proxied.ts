import type { DataRouteDeps, Started } from './exchange.ts'
import { exchangeOf, grantStarted, recordAround, requireLeft } from './exchange.ts'
import { proxiedContext, readAction } from './governed/request-terms.ts'
import type { ReleasedDataset } from './release.ts'
import { prepareProxy, proxy } from './sources/http.ts'
import type { HttpSource } from './sources/source.ts'

/**
 * Passes a request to an HTTP source, where the terms permit it. How many bytes it takes shows when it has ended: a limit of bytes lets
 * a request begin while anything is left, and is debited with what was sent, so that answers that are under way together may exceed it.
 */
export async function releaseProxied(deps: DataRouteDeps, started: Started, { dataset, source }: { dataset: ReleasedDataset; source: HttpSource }): Promise<void> {
  const { request, response, target } = started
  const asked = { method: request.method ?? '', path: target.path, query: target.query }
  const grant = await grantStarted(deps, started, (terms) => ({ action: readAction, context: proxiedContext(terms, asked) }))
  const exchange = exchangeOf(started, { dataset, grant })
  requireLeft(deps, exchange)
  const prepared = await prepareProxy(source, request, target, deps.secret)
  // HEAD too: what the source says of itself comes out.
  const amounts = { queries: 1, rows: 0, bytes: null }
  await recordAround(deps, exchange, { amounts, reserved: { bytes: null } }, () => proxy(deps.http, prepared, { request, response, maxRequestBytes: deps.proxyRequestBytes }))
}
