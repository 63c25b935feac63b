import { z } from 'zod'
import type { Json } from '../../schedule/json.ts'
import { faultOfAddress } from '../../webhook/address.ts'
import type { AllowList } from '../../webhook/allow-list.ts'
import { faultOfHeader } from './request-headers.ts'

const METHODS = ['POST', 'PUT', 'PATCH', 'DELETE', 'GET', 'HEAD'] as const
const WITHOUT_BODY: readonly string[] = ['GET', 'HEAD']

/** The payload of a webhook job: a request. */
export interface WebhookPayload {
  /** Where it goes; the job's `allow` has to list its host. */
  readonly url: string
  /** `POST` by default. */
  readonly method?: (typeof METHODS)[number] | undefined
  /** Sent with it, unless the job itself has one of that name. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** Sent as JSON; nothing is sent without it. `GET` and `HEAD` have none. */
  readonly body?: Json | undefined
}

/** The schema of the payload, which also asks the list, so that a schedule for elsewhere is refused when it is stored. */
export function webhookPayload(allow: AllowList): z.ZodType<WebhookPayload, WebhookPayload> {
  return z
    .strictObject({
      url: z.string().superRefine((url, context) => {
        const fault = faultOfAddress(url) ?? allow.faultOfUrl(new URL(url))
        if (fault !== undefined) context.addIssue(fault)
      }),
      method: z.enum(METHODS).optional(),
      headers: z
        .record(z.string(), z.string())
        .superRefine((headers, context) => {
          for (const [name, value] of Object.entries(headers)) {
            const fault = faultOfHeader(name, value)
            if (fault !== undefined) context.addIssue({ code: 'custom', path: [name], message: fault })
          }
        })
        .optional(),
      body: z.custom<Json>().optional(),
    })
    .refine(({ method = 'POST', body }) => body === undefined || !WITHOUT_BODY.includes(method), {
      path: ['body'],
      message: `${WITHOUT_BODY.join(' and ')} have none`,
    })
}
