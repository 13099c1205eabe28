import { Router } from 'express'
import type { RequestHandler } from 'express'
import { ProblemError } from '../../errors.ts'
import { readText } from '../../http/json-body.ts'
import { maxAddCheckpoint } from '../../tlog/witness-messages.ts'
import type { LogWitness } from '../witness/serve.ts'

/** Where partners find our witness, below the public address. */
const witnessPath = '/witness'

/** The witness on the public listener (C2SP tlog-witness). To be mounted at the public root. */
export function createWitnessRouter(witness: Pick<LogWitness, 'addCheckpoint' | 'latest'>): Router {
  const router = Router({ caseSensitive: true, strict: true })
  router.post(`${witnessPath}/add-checkpoint`, async (request, response) => {
    const { status, type, body } = await witness.addCheckpoint(await readText(request, { maxBytes: maxAddCheckpoint, timeoutMs: 10_000 }))
    response.set('Cache-Control', 'no-store').status(status)
    // The media type as it stands: express would add a charset to it.
    response.setHeader('Content-Type', type)
    response.end(body)
  })
  router.get(`${witnessPath}/:origin/checkpoint`, async (request, response) => {
    const { origin } = request.params
    const checkpoint = /^[0-9a-f]{64}$/.test(origin) ? await witness.latest(origin) : undefined
    if (checkpoint === undefined) throw new ProblemError('not-found', 'This witness has not cosigned such a log. Ask by the SHA-256 of its origin, in hexadecimal.')
    response.set({ 'Content-Type': 'text/plain; charset=utf-8', 'Cache-Control': 'no-cache' }).send(checkpoint)
  })
  router.all(`${witnessPath}/add-checkpoint`, only('POST'))
  router.all(`${witnessPath}/:origin/checkpoint`, only('GET, HEAD'))
  return router
}

/** Refuses every other method. */
export function only(methods: string): RequestHandler {
  return (_request, response) => {
    response.set('Allow', methods)
    throw new ProblemError('method-not-allowed', `Use ${methods}.`)
  }
}
