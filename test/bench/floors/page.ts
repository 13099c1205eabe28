import pg from 'pg'
import { serve } from './serve.ts'

// A page of a table: one query by primary key, and its rows as JSON.
const pool = new pg.Pool({ connectionString: process.env['DATABASE_URL'], max: 20 })

serve(async (request, response) => {
  const after = Number((request.url ?? '/0').slice(1))
  const { rows } = await pool.query({ name: 'page', text: 'select seq, id, metadata, source, created_at from dataset where seq > $1 order by seq limit 51', values: [after] })
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(rows))
})
