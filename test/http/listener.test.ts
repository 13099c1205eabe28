import { createServer } from 'node:http'
import { connect } from 'node:net'
import { describe, expect, test } from 'vitest'
import express from 'express'
import { pino } from 'pino'
import { ProblemError } from '../../src/errors.ts'
import { listen } from '../../src/http/listener.ts'
import { problemDocument, problemHandler } from '../../src/http/problem.ts'

describe('a listener', () => {
  test('is there before its application, and says so', async () => {
    const listener = await listen({ host: '127.0.0.1', port: 0 })
    const url = `http://127.0.0.1:${listener.port}/`
    expect((await fetch(url)).status).toBe(503)
    listener.server.on('request', (_, response) => response.end('here'))
    expect(await (await fetch(url)).text()).toBe('here')
    await listener.close()
    await listener.close()
    await expect(fetch(url)).rejects.toThrow()
  })

  test('close waits for a running request', async () => {
    const listener = await listen({ host: '127.0.0.1', port: 0 })
    const running = Promise.withResolvers<() => void>()
    listener.server.on('request', (_, response) => running.resolve(() => response.end('done')))
    const answer = fetch(`http://127.0.0.1:${listener.port}/`)
    const finish = await running.promise
    const closed = listener.close()
    finish()
    expect(await (await answer).text()).toBe('done')
    await closed
  })

  test('close does not wait for a connection held in reserve', async () => {
    const listener = await listen({ host: '127.0.0.1', port: 0, closeWithinMs: 600_000 })
    const accepted = new Promise((resolve) => listener.server.once('connection', resolve))
    const reserve = connect(listener.port, '127.0.0.1')
    const ended = new Promise((resolve) => reserve.on('error', () => undefined).on('close', resolve))
    await accepted
    await listener.close()
    await ended
  })

  test('close ends a request that does not end, and connections that say nothing', async () => {
    const listener = await listen({ host: '127.0.0.1', port: 0, closeWithinMs: 50 })
    const running = Promise.withResolvers<void>()
    listener.server.on('request', () => running.resolve())
    const idle = connect(listener.port, '127.0.0.1')
    const idleEnded = new Promise((resolve) => idle.on('error', () => undefined).on('close', resolve))
    const answer = fetch(`http://127.0.0.1:${listener.port}/`).catch((error: unknown) => error)
    await running.promise
    await listener.close()
    expect(await answer).toMatchObject({ name: 'TypeError' })
    await idleEnded
  })

  test('a taken port is told', async () => {
    const taken = createServer()
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
    const address = taken.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    await expect(listen({ host: '127.0.0.1', port })).rejects.toMatchObject({ code: 'EADDRINUSE' })
    await new Promise((resolve) => taken.close(resolve))
  })

  test('headers beyond 16 KiB are refused', async () => {
    const listener = await listen({ host: '127.0.0.1', port: 0 })
    listener.server.on('request', (_, response) => response.end())
    expect((await fetch(`http://127.0.0.1:${listener.port}/`, { headers: { 'X-Long': 'a'.repeat(20_000) } })).status).toBe(431)
    await listener.close()
  })
})

describe('a problem', () => {
  test('documents a refusal and keeps its own members', () => {
    const error = new ProblemError('not-found', 'No such dataset.', { fields: { dataset: 'd', status: 200, code: 'x' } })
    expect(problemDocument(error)).toEqual({
      status: 404,
      body: { type: 'urn:concordat:problem:not-found', title: 'There is no such thing here', status: 404, code: 'not-found', detail: 'No such dataset.', dataset: 'd' },
    })
  })

  test.each([new Error('password=secret'), 'secret', undefined, { status: 'secret' }])('says nothing of a fault', (error) => {
    const { status, body } = problemDocument(error)
    expect(status).toBe(500)
    expect(body).toEqual({ type: 'urn:concordat:problem:internal', title: 'Something went wrong here', status: 500, code: 'internal' })
  })

  test('is answered as application/problem+json, and faults are logged without the query', async () => {
    const lines: string[] = []
    const log = pino({}, { write: (line) => lines.push(line) })
    const app = express()
    app.get('/refused', () => {
      throw new ProblemError('unauthenticated', 'Show a token.')
    })
    app.get('/items/:id', () => {
      throw new Error('broken')
    })
    app.get('/begun', (_, response) => {
      response.write('half')
      throw new Error('broken')
    })
    app.use(problemHandler(log))
    const listener = await listen({ host: '127.0.0.1', port: 0 })
    listener.server.on('request', app)
    const get = async (path: string) => fetch(`http://127.0.0.1:${listener.port}${path}`, { headers: { Authorization: 'Bearer secret' } })
    const refused = await get('/refused')
    expect([refused.status, refused.headers.get('content-type'), refused.headers.get('www-authenticate')]).toEqual([401, 'application/problem+json; charset=utf-8', 'Bearer'])
    expect(lines).toEqual([])
    expect((await get('/items/%ff')).status).toBe(400)
    const failed = await get('/items/1?token=secret')
    expect([failed.status, await failed.json()]).toEqual([500, expect.not.objectContaining({ detail: expect.anything() })])
    await expect(get('/begun').then((response) => response.text())).rejects.toThrow()
    expect(lines).toHaveLength(2)
    expect(lines.join()).not.toContain('secret')
    await listener.close()
  })
})
