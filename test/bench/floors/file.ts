import { createReadStream, statSync } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { serve } from './serve.ts'

// A file over node:http, nothing more.
const path = process.env['FLOOR_FILE'] ?? ''
const { size } = statSync(path)

serve(async (_request, response) => {
  response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': size })
  await pipeline(createReadStream(path), response).catch(() => response.destroy())
})
