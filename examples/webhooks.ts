/**
 * A schedule that calls a URL, and the receiver that checks who is calling; both in one program, so that it runs anywhere.
 *
 *     npm run example examples/webhooks.ts
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { Carillon, verifySignature, webhookJob } from 'carillon'

const secret = process.env.WEBHOOK_SECRET ?? 'known to the two of us'

// The receiver, which would be a server of somebody else's.
const receiver = createServer((request, response) => {
  void text(request).then((body) => {
    const isGenuine = verifySignature(body, request.headers['carillon-signature'], secret)
    if (!isGenuine) return void response.writeHead(401).end()

    const { 'carillon-schedule': schedule, 'carillon-attempt': attempt } = request.headers
    console.log(request.method, request.url, JSON.parse(body), 'for', schedule, 'attempt', attempt)
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"sent":3}')
  })
})
await once(receiver.listen(0, '127.0.0.1'), 'listening')
const { port } = receiver.address() as AddressInfo

// The scheduler. Requests go where it says here and nowhere else, whatever the schedules name.
await using cron = await Carillon.open({
  database: process.env.CARILLON_DATABASE ?? 'sqlite::memory:',
  jobs: [webhookJob({ allow: [`http://localhost:${port}`], secret })],
})
await cron.schedule({
  key: 'invoices',
  cron: '* * * * * *', // a sixth field in front: every second
  job: 'webhook',
  payload: { url: `http://localhost:${port}/invoices/send`, body: { month: 'last' } },
  retries: 5,
  maxRuns: 1,
})
const evil = { key: 'evil', cron: '@daily', job: 'webhook', payload: { url: 'https://169.254.169.254/' } }
await cron.schedule(evil).catch((error: Error) => console.log('refused:', error.message))

await cron.start()
await once(receiver, 'request')
await cron.stop()
receiver.close()

for (const run of await cron.history('invoices')) console.log(run.state, run.result)
