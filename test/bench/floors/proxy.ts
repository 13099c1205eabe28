import { Agent, stream } from 'undici'
import { serve } from './serve.ts'

// The least that passes a request on: no token, no decision, no record.
const origin = process.env['FLOOR_ORIGIN'] ?? ''
const dispatcher = new Agent({ connections: 128 })

serve(async (request, response) => {
  try {
    await stream(`${origin}${request.url ?? '/'}`, { dispatcher, method: 'GET' }, ({ statusCode, headers }) => {
      const { connection: _connection, 'keep-alive': _keepAlive, ...kept } = headers
      return response.writeHead(statusCode, kept)
    })
  } catch {
    response.destroy()
  }
})
