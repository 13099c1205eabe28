import { expect, test } from 'vitest'
import express from 'express'
import { listen } from '../../src/http/listener.ts'
import { createTracing } from '../../src/http/tracing.ts'

test('requests and deliveries become spans at the collector, with the caller’s trace, without the query', async () => {
  const received: string[] = []
  const collector = await listen({ host: '127.0.0.1', port: 0 })
  const collecting = express()
  collecting.post('/v1/traces', express.text({ type: () => true }), (request, response) => {
    received.push(String(request.body))
    response.json({})
  })
  collector.server.on('request', collecting)

  const tracing = await createTracing(`http://127.0.0.1:${collector.port}/`, () => 'did:web:own.example')
  const served = await listen({ host: '127.0.0.1', port: 0 })
  const app = express()
  app.use(tracing.middleware)
  app.get('/data/1', (_request, response) => void response.send('x'))
  served.server.on('request', app)

  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  await (await fetch(`http://127.0.0.1:${served.port}/data/1?secret=do-not-tell`, { headers: { traceparent, connection: 'close' } })).text()
  await expect(tracing.span('ContractRequestMessage', {}, async () => { throw new Error('away') })).rejects.toThrow('away')
  await served.close()
  await tracing.close()
  await collector.close()

  const text = received.join('\n')
  expect(text).toContain('GET /data/1')
  expect(text).toContain('0af7651916cd43dd8448eb211c80319c')
  expect(text).toContain('ContractRequestMessage')
  expect(text).toContain('did:web:own.example')
  expect(text).not.toContain('do-not-tell')
})

test('without an endpoint nothing stands between request and handler', async () => {
  const tracing = await createTracing(undefined, () => '')
  expect(await tracing.span('x', {}, async () => 7)).toBe(7)
})
