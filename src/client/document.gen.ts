// Made by `npm run generate:client` of the OpenAPI document: change that, and make it anew.

export interface components {
  schemas: {
    Schedule: {
      key: string
      group?: string
      namespace: string
      /** @enum {string} */
      origin: 'user' | 'code'
      /** @enum {string} */
      state: 'active' | 'paused' | 'broken'
      reason?: string
      pause?: {
        by?: string
        note?: string
        /**
         * Format: date-time
         * @description ISO 8601, in UTC
         */
        since: string
        /**
         * Format: date-time
         * @description ISO 8601, in UTC
         */
        until?: string
        with?: {
          namespace?: string
          group?: string
        }
      }
      generation: number
      revision: number
      cron?: string | string[]
      timezone?: string
      dst?:
        | string
        | {
            [key: string]: unknown
          }
      syntax?: string
      except?: string[]
      everyMs?: number
      /**
       * Format: date-time
       * @description ISO 8601, in UTC
       */
      anchor?: string
      /**
       * Format: date-time
       * @description ISO 8601, in UTC
       */
      at?: string
      job: string
      /** @description any JSON */
      payload?: unknown
      catchUp: {
        withinMs: number
        /** @enum {string} */
        policy: 'all' | 'latest'
        max: number
      }
      /**
       * Format: date-time
       * @description ISO 8601, in UTC
       */
      startsAt?: string
      /**
       * Format: date-time
       * @description ISO 8601, in UTC
       */
      endsAt?: string
      maxRuns?: number
      spreadMs: number
      jitterMs: number
      retries: number
      backoff: {
        initialMs: number
        factor: number
        maxMs: number
        jitter: number
      }
      pauseAfter?: number
      expectWithinMs?: number
      /** @enum {string} */
      overlap: 'allow' | 'skip' | 'queue-one' | 'queue-all' | 'replace'
      maxRunning?: number
      mutex?: string
      minimumBreakMs: number
      timeoutMs?: number
      queue: string
      /** @enum {string} */
      whenFinished: 'keep' | 'remove'
      note?: string
      /**
       * Format: date-time
       * @description ISO 8601, in UTC
       */
      nextRunAt?: string
      /**
       * Format: date-time
       * @description ISO 8601, in UTC
       */
      lastScheduledAt?: string
      /**
       * Format: date-time
       * @description ISO 8601, in UTC
       */
      createdAt: string
      /**
       * Format: date-time
       * @description ISO 8601, in UTC
       */
      updatedAt: string
    }
    Problem: {
      type: string
      title: string
      status: number
      /** @enum {string} */
      code:
        | 'MALFORMED'
        | 'UNAUTHENTICATED'
        | 'FORBIDDEN'
        | 'NOT_FOUND'
        | 'METHOD_NOT_ALLOWED'
        | 'SCHEDULE_NOT_FOUND'
        | 'RUN_NOT_FOUND'
        | 'SCHEDULE_CONFLICT'
        | 'REQUEST_UNDER_WAY'
        | 'ANSWER_LOST'
        | 'REVISION_MISMATCH'
        | 'TOO_LARGE'
        | 'UNSUPPORTED_MEDIA_TYPE'
        | 'INVALID_INPUT'
        | 'CRON_SYNTAX'
        | 'UNKNOWN_ZONE'
        | 'UNKNOWN_JOB'
        | 'INVALID_PAYLOAD'
        | 'QUOTA_EXCEEDED'
        | 'UNSUPPORTED_BY_DRIVER'
        | 'IDEMPOTENCY_KEY_REUSED'
        | 'TOO_MANY_REQUESTS'
        | 'INTERNAL'
        | 'UNAVAILABLE'
      detail: string
      path?: string
      position?: number
      suggestion?: string
      quota?: string
    }
    KeyedScheduleInput: {
      key?: string
      /**
       * @description a cron expression, or several
       * @example 0 9 * * MON-FRI
       */
      cron?: string | string[]
      timezone?: string
      /** @enum {string} */
      dst?: 'shift' | 'vixie' | 'skip' | 'literal'
      /** @enum {string} */
      syntax?: 'standard' | 'extended'
      except?: string[]
      /**
       * @description as in `90s`, `5m`, `2h`, `1d`, or milliseconds
       * @example 5m
       */
      every?: string | number
      /**
       * @description ISO 8601 with an offset, or epoch milliseconds
       * @example 2026-12-24T18:00:00Z
       */
      anchor?: string | number
      /**
       * @description ISO 8601 with an offset, or epoch milliseconds
       * @example 2026-12-24T18:00:00Z
       */
      at?: string | number
      group?: string
      active?: boolean
      catchUp?:
        | string
        | number
        | {
            /**
             * @description as in `90s`, `5m`, `2h`, `1d`, or milliseconds
             * @example 5m
             */
            within: string | number
            /** @enum {string} */
            policy?: 'all' | 'latest'
            max?: number
          }
      /**
       * @description ISO 8601 with an offset, or epoch milliseconds
       * @example 2026-12-24T18:00:00Z
       */
      startsAt?: string | number
      /**
       * @description ISO 8601 with an offset, or epoch milliseconds
       * @example 2026-12-24T18:00:00Z
       */
      endsAt?: string | number
      maxRuns?: number
      /**
       * @description as in `90s`, `5m`, `2h`, `1d`, or milliseconds
       * @example 5m
       */
      spread?: string | number
      /**
       * @description as in `90s`, `5m`, `2h`, `1d`, or milliseconds
       * @example 5m
       */
      jitter?: string | number
      retries?: number
      backoff?: {
        /**
         * @description as in `90s`, `5m`, `2h`, `1d`, or milliseconds
         * @example 5m
         */
        initial?: string | number
        factor?: number
        /**
         * @description as in `90s`, `5m`, `2h`, `1d`, or milliseconds
         * @example 5m
         */
        max?: string | number
        jitter?: number
      }
      pauseAfter?: number
      /**
       * @description as in `90s`, `5m`, `2h`, `1d`, or milliseconds
       * @example 5m
       */
      expectWithin?: string | number
      /** @enum {string} */
      overlap?: 'allow' | 'skip' | 'queue-one' | 'queue-all' | 'replace'
      maxRunning?: number
      mutex?: string
      /**
       * @description as in `90s`, `5m`, `2h`, `1d`, or milliseconds
       * @example 5m
       */
      minimumBreak?: string | number
      /**
       * @description as in `90s`, `5m`, `2h`, `1d`, or milliseconds
       * @example 5m
       */
      timeout?: string | number
      queue?: string
      /** @enum {string} */
      whenFinished?: 'keep' | 'remove'
      note?: string
      job: string
      /** @description any JSON */
      payload?: unknown
    }
    ScheduleInput: {
      /**
       * @description a cron expression, or several
       * @example 0 9 * * MON-FRI
       */
      cron?: string | string[]
      timezone?: string
      /** @enum {string} */
      dst?: 'shift' | 'vixie' | 'skip' | 'literal'
      /** @enum {string} */
      syntax?: 'standard' | 'extended'
      except?: string[]
      /**
       * @description as in `90s`, `5m`, `2h`, `1d`, or milliseconds
       * @example 5m
       */
      every?: string | number
      /**
       * @description ISO 8601 with an offset, or epoch milliseconds
       * @example 2026-12-24T18:00:00Z
       */
      anchor?: string | number
      /**
       * @description ISO 8601 with an offset, or epoch milliseconds
       * @example 2026-12-24T18:00:00Z
       */
      at?: string | number
      group?: string
      active?: boolean
      catchUp?:
        | string
        | number
        | {
            /**
             * @description as in `90s`, `5m`, `2h`, `1d`, or milliseconds
             * @example 5m
             */
            within: string | number
            /** @enum {string} */
            policy?: 'all' | 'latest'
            max?: number
          }
      /**
       * @description ISO 8601 with an offset, or epoch milliseconds
       * @example 2026-12-24T18:00:00Z
       */
      startsAt?: string | number
      /**
       * @description ISO 8601 with an offset, or epoch milliseconds
       * @example 2026-12-24T18:00:00Z
       */
      endsAt?: string | number
      maxRuns?: number
      /**
       * @description as in `90s`, `5m`, `2h`, `1d`, or milliseconds
       * @example 5m
       */
      spread?: string | number
      /**
       * @description as in `90s`, `5m`, `2h`, `1d`, or milliseconds
       * @example 5m
       */
      jitter?: string | number
      retries?: number
      backoff?: {
        /**
         * @description as in `90s`, `5m`, `2h`, `1d`, or milliseconds
         * @example 5m
         */
        initial?: string | number
        factor?: number
        /**
         * @description as in `90s`, `5m`, `2h`, `1d`, or milliseconds
         * @example 5m
         */
        max?: string | number
        jitter?: number
      }
      pauseAfter?: number
      /**
       * @description as in `90s`, `5m`, `2h`, `1d`, or milliseconds
       * @example 5m
       */
      expectWithin?: string | number
      /** @enum {string} */
      overlap?: 'allow' | 'skip' | 'queue-one' | 'queue-all' | 'replace'
      maxRunning?: number
      mutex?: string
      /**
       * @description as in `90s`, `5m`, `2h`, `1d`, or milliseconds
       * @example 5m
       */
      minimumBreak?: string | number
      /**
       * @description as in `90s`, `5m`, `2h`, `1d`, or milliseconds
       * @example 5m
       */
      timeout?: string | number
      queue?: string
      /** @enum {string} */
      whenFinished?: 'keep' | 'remove'
      note?: string
      job: string
      /** @description any JSON */
      payload?: unknown
    }
    /** @description what is left out stays as it is; `null` takes a part back to its default */
    SchedulePatch: {
      /**
       * @description a cron expression, or several
       * @example 0 9 * * MON-FRI
       */
      cron?: string | string[] | null
      timezone?: string | null
      /** @enum {string|null} */
      dst?: 'shift' | 'vixie' | 'skip' | 'literal' | null
      /** @enum {string|null} */
      syntax?: 'standard' | 'extended' | null
      except?: string[] | null
      /**
       * @description as in `90s`, `5m`, `2h`, `1d`, or milliseconds
       * @example 5m
       */
      every?: string | number | null
      /**
       * @description ISO 8601 with an offset, or epoch milliseconds
       * @example 2026-12-24T18:00:00Z
       */
      anchor?: string | number | null
      /**
       * @description ISO 8601 with an offset, or epoch milliseconds
       * @example 2026-12-24T18:00:00Z
       */
      at?: string | number | null
      group?: string | null
      active?: boolean | null
      catchUp?:
        | string
        | number
        | {
            /**
             * @description as in `90s`, `5m`, `2h`, `1d`, or milliseconds
             * @example 5m
             */
            within: string | number
            /** @enum {string} */
            policy?: 'all' | 'latest'
            max?: number
          }
        | null
      /**
       * @description ISO 8601 with an offset, or epoch milliseconds
       * @example 2026-12-24T18:00:00Z
       */
      startsAt?: string | number | null
      /**
       * @description ISO 8601 with an offset, or epoch milliseconds
       * @example 2026-12-24T18:00:00Z
       */
      endsAt?: string | number | null
      maxRuns?: number | null
      /**
       * @description as in `90s`, `5m`, `2h`, `1d`, or milliseconds
       * @example 5m
       */
      spread?: string | number | null
      /**
       * @description as in `90s`, `5m`, `2h`, `1d`, or milliseconds
       * @example 5m
       */
      jitter?: string | number | null
      retries?: number | null
      backoff?: {
        /**
         * @description as in `90s`, `5m`, `2h`, `1d`, or milliseconds
         * @example 5m
         */
        initial?: string | number
        factor?: number
        /**
         * @description as in `90s`, `5m`, `2h`, `1d`, or milliseconds
         * @example 5m
         */
        max?: string | number
        jitter?: number
      } | null
      pauseAfter?: number | null
      /**
       * @description as in `90s`, `5m`, `2h`, `1d`, or milliseconds
       * @example 5m
       */
      expectWithin?: string | number | null
      /** @enum {string|null} */
      overlap?: 'allow' | 'skip' | 'queue-one' | 'queue-all' | 'replace' | null
      maxRunning?: number | null
      mutex?: string | null
      /**
       * @description as in `90s`, `5m`, `2h`, `1d`, or milliseconds
       * @example 5m
       */
      minimumBreak?: string | number | null
      /**
       * @description as in `90s`, `5m`, `2h`, `1d`, or milliseconds
       * @example 5m
       */
      timeout?: string | number | null
      queue?: string | null
      /** @enum {string|null} */
      whenFinished?: 'keep' | 'remove' | null
      note?: string | null
      job?: string
      /** @description any JSON */
      payload?: unknown
    }
    Occurrence: {
      id: string
      /**
       * Format: date-time
       * @description ISO 8601, in UTC
       */
      nominalAt: string
      /**
       * Format: date-time
       * @description ISO 8601, in UTC
       */
      dueAt: string
      /** @enum {string} */
      state: 'planned' | 'sent' | 'running' | 'succeeded' | 'failed' | 'skipped'
      /** @enum {string} */
      reason?: 'missed' | 'overlap' | 'superseded' | 'paused' | 'deleted' | 'expired' | 'quota' | 'cancelled'
      /** @enum {string} */
      origin: 'schedule' | 'catch-up' | 'manual' | 'backfill'
      generation: number
      attempt: number
      server?: string
      /**
       * Format: date-time
       * @description ISO 8601, in UTC
       */
      dispatchedAt: string
      /**
       * Format: date-time
       * @description ISO 8601, in UTC
       */
      startedAt?: string
      /**
       * Format: date-time
       * @description ISO 8601, in UTC
       */
      finishedAt?: string
      error?: {
        code: string
        message: string
        stack?: string
      }
      /** @description any JSON */
      result?: unknown
      missed?: {
        /**
         * Format: date-time
         * @description ISO 8601, in UTC
         */
        until: string
        count: number
      }
      standsFor: number
    }
    Explanation: {
      key: string
      namespace: string
      /**
       * Format: date-time
       * @description ISO 8601, in UTC
       */
      instant: string
      /** @enum {string} */
      verdict: 'ran' | 'runs' | 'will-run' | 'did-not-run' | 'will-not-run' | 'unknown'
      code: string
      text: string
      occurrence?: components['schemas']['Occurrence']
      others: components['schemas']['Occurrence'][]
      inForce?: {
        generation: number
        cause: string
        /**
         * Format: date-time
         * @description ISO 8601, in UTC
         */
        from: string
        /**
         * Format: date-time
         * @description ISO 8601, in UTC
         */
        until?: string
        by?: string
        note?: string
        recurrence: string
      }
      /**
       * Format: date-time
       * @description ISO 8601, in UTC
       */
      previousAt?: string
      /**
       * Format: date-time
       * @description ISO 8601, in UTC
       */
      nextAt?: string
    }
    ListedRun: {
      key: string
      group?: string
      job: string
      id: string
      /**
       * Format: date-time
       * @description ISO 8601, in UTC
       */
      nominalAt: string
      /**
       * Format: date-time
       * @description ISO 8601, in UTC
       */
      dueAt: string
      /** @enum {string} */
      state: 'planned' | 'sent' | 'running' | 'succeeded' | 'failed' | 'skipped'
      /** @enum {string} */
      reason?: 'missed' | 'overlap' | 'superseded' | 'paused' | 'deleted' | 'expired' | 'quota' | 'cancelled'
      /** @enum {string} */
      origin: 'schedule' | 'catch-up' | 'manual' | 'backfill'
      generation: number
      attempt: number
      server?: string
      /**
       * Format: date-time
       * @description ISO 8601, in UTC
       */
      dispatchedAt: string
      /**
       * Format: date-time
       * @description ISO 8601, in UTC
       */
      startedAt?: string
      /**
       * Format: date-time
       * @description ISO 8601, in UTC
       */
      finishedAt?: string
      error?: {
        code: string
        message: string
        stack?: string
      }
      /** @description any JSON */
      result?: unknown
      missed?: {
        /**
         * Format: date-time
         * @description ISO 8601, in UTC
         */
        until: string
        count: number
      }
      standsFor: number
    }
    RunDetails: {
      key: string
      group?: string
      job: string
      id: string
      /**
       * Format: date-time
       * @description ISO 8601, in UTC
       */
      nominalAt: string
      /**
       * Format: date-time
       * @description ISO 8601, in UTC
       */
      dueAt: string
      /** @enum {string} */
      state: 'planned' | 'sent' | 'running' | 'succeeded' | 'failed' | 'skipped'
      /** @enum {string} */
      reason?: 'missed' | 'overlap' | 'superseded' | 'paused' | 'deleted' | 'expired' | 'quota' | 'cancelled'
      /** @enum {string} */
      origin: 'schedule' | 'catch-up' | 'manual' | 'backfill'
      generation: number
      attempt: number
      server?: string
      /**
       * Format: date-time
       * @description ISO 8601, in UTC
       */
      dispatchedAt: string
      /**
       * Format: date-time
       * @description ISO 8601, in UTC
       */
      startedAt?: string
      /**
       * Format: date-time
       * @description ISO 8601, in UTC
       */
      finishedAt?: string
      error?: {
        code: string
        message: string
        stack?: string
      }
      /** @description any JSON */
      result?: unknown
      missed?: {
        /**
         * Format: date-time
         * @description ISO 8601, in UTC
         */
        until: string
        count: number
      }
      standsFor: number
      log: {
        /**
         * Format: date-time
         * @description ISO 8601, in UTC
         */
        at: string
        /** @enum {string} */
        level: 'info' | 'warn' | 'error'
        message: string
        fields: {
          [key: string]: unknown
        }
        isCut: boolean
      }[]
      dropped?: {
        after: number
        count: number
      }
      progress?: {
        /**
         * Format: date-time
         * @description ISO 8601, in UTC
         */
        at: string
        fraction?: number
        done?: number
        total?: number
        note?: string
      }
      attempts: {
        attempt: number
        server: string
        /**
         * Format: date-time
         * @description ISO 8601, in UTC
         */
        startedAt: string
        error?: {
          code: string
          message: string
          stack?: string
        }
        log: {
          /**
           * Format: date-time
           * @description ISO 8601, in UTC
           */
          at: string
          /** @enum {string} */
          level: 'info' | 'warn' | 'error'
          message: string
          fields: {
            [key: string]: unknown
          }
          isCut: boolean
        }[]
        dropped?: {
          after: number
          count: number
        }
        progress?: {
          /**
           * Format: date-time
           * @description ISO 8601, in UTC
           */
          at: string
          fraction?: number
          done?: number
          total?: number
          note?: string
        }
      }[]
    }
    RecurrenceInput: {
      /**
       * @description a cron expression, or several
       * @example 0 9 * * MON-FRI
       */
      cron?: string | string[]
      timezone?: string
      /** @enum {string} */
      dst?: 'shift' | 'vixie' | 'skip' | 'literal'
      /** @enum {string} */
      syntax?: 'standard' | 'extended'
      except?: string[]
      /**
       * @description as in `90s`, `5m`, `2h`, `1d`, or milliseconds
       * @example 5m
       */
      every?: string | number
      /**
       * @description ISO 8601 with an offset, or epoch milliseconds
       * @example 2026-12-24T18:00:00Z
       */
      anchor?: string | number
      /**
       * @description ISO 8601 with an offset, or epoch milliseconds
       * @example 2026-12-24T18:00:00Z
       */
      at?: string | number
      /**
       * @description ISO 8601 with an offset, or epoch milliseconds
       * @example 2026-12-24T18:00:00Z
       */
      startsAt?: string | number
      /**
       * @description ISO 8601 with an offset, or epoch milliseconds
       * @example 2026-12-24T18:00:00Z
       */
      endsAt?: string | number
    }
    Pause: {
      namespace?: string
      group?: string
      by?: string
      note?: string
      /**
       * Format: date-time
       * @description ISO 8601, in UTC
       */
      since: string
      /**
       * Format: date-time
       * @description ISO 8601, in UTC
       */
      until?: string
      /** @enum {string} */
      state: 'pausing' | 'paused' | 'resuming'
    }
    Job: {
      name: string
      /** @description a JSON Schema; absent when the job takes any payload, or its library has none */
      payload?: {
        [key: string]: unknown
      }
    }
    Server: {
      name: string
      roles: ('dispatch' | 'work' | 'tasks')[]
      /**
       * Format: date-time
       * @description ISO 8601, in UTC
       */
      startedAt: string
      /**
       * Format: date-time
       * @description ISO 8601, in UTC
       */
      seenAt: string
      running: number
      isAlive: boolean
    }
    Task: {
      name: string
      description?: string
      runs: string
      expressions: string[]
      timezone: string
      windows: string[]
      /**
       * Format: date-time
       * @description ISO 8601, in UTC
       */
      nextAt?: string
      withoutOverlapping: boolean
      onOneServer: boolean
      environments?: string[]
      stored: boolean
      lock?: {
        name: string
        owner: string
        token: number
        /**
         * Format: date-time
         * @description ISO 8601, in UTC
         */
        acquiredAt: string
        /**
         * Format: date-time
         * @description ISO 8601, in UTC
         */
        expiresAt: string
      }
    }
    Token: {
      id: string
      label: string
      /** @enum {string} */
      scope: 'read' | 'write' | 'admin'
      /** @enum {string} */
      state: 'in-force' | 'expired' | 'revoked'
      namespace?: string
      groups?: string[]
      jobs?: string[]
      /**
       * Format: date-time
       * @description ISO 8601, in UTC
       */
      createdAt: string
      createdBy?: string
      /**
       * Format: date-time
       * @description ISO 8601, in UTC
       */
      expiresAt?: string
      /**
       * Format: date-time
       * @description ISO 8601, in UTC
       */
      revokedAt?: string
      /**
       * Format: date-time
       * @description to the minute
       */
      lastUsedAt?: string
    }
    CreatedToken: {
      id: string
      token: string
    }
  }
  responses: never
  parameters: never
  requestBodies: never
  headers: never
  pathItems: never
}
export interface operations {
  listSchedules: {
    parameters: {
      query?: {
        /** @description the namespace that is meant; that of the token, or `default`, when left out */
        namespace?: string
        group?: string
        job?: string
        /** @description some of active, paused, broken, with commas between them */
        states?: string
        /** @description in the key or the group */
        text?: string
        /** @description how many at most; 50 by default */
        limit?: number
        /** @description where the page before ended: its `next` */
        cursor?: string
      }
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description The answer. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/json': {
            items: components['schemas']['Schedule'][]
            next?: string
          }
        }
      }
      /** @description A problem; its `code` says which. */
      default: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/problem+json': components['schemas']['Problem']
        }
      }
    }
  }
  createSchedule: {
    parameters: {
      query?: {
        /** @description the namespace that is meant; that of the token, or `default`, when left out */
        namespace?: string
      }
      header?: {
        /** @description a name for this request, such as a UUID: sent again under it, within a day, it changes nothing more and has the same answer */
        'idempotency-key'?: string
      }
      path?: never
      cookie?: never
    }
    requestBody: {
      content: {
        'application/json': components['schemas']['KeyedScheduleInput']
      }
    }
    responses: {
      /** @description The answer. */
      201: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['Schedule']
        }
      }
      /** @description A problem; its `code` says which. */
      default: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/problem+json': components['schemas']['Problem']
        }
      }
    }
  }
  putSchedules: {
    parameters: {
      query?: {
        /** @description the namespace that is meant; that of the token, or `default`, when left out */
        namespace?: string
      }
      header?: {
        /** @description a name for this request, such as a UUID: sent again under it, within a day, it changes nothing more and has the same answer */
        'idempotency-key'?: string
      }
      path?: never
      cookie?: never
    }
    requestBody: {
      content: {
        'application/json': {
          schedules: components['schemas']['KeyedScheduleInput'][]
        }
      }
    }
    responses: {
      /** @description The answer. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/json': {
            created: number
            changed: number
            unchanged: number
          }
        }
      }
      /** @description A problem; its `code` says which. */
      default: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/problem+json': components['schemas']['Problem']
        }
      }
    }
  }
  getSchedule: {
    parameters: {
      query?: {
        /** @description the namespace that is meant; that of the token, or `default`, when left out */
        namespace?: string
      }
      header?: never
      path: {
        /** @description the key of the schedule */
        key: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description The answer. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['Schedule']
        }
      }
      /** @description A problem; its `code` says which. */
      default: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/problem+json': components['schemas']['Problem']
        }
      }
    }
  }
  putSchedule: {
    parameters: {
      query?: {
        /** @description the namespace that is meant; that of the token, or `default`, when left out */
        namespace?: string
      }
      header?: {
        /** @description the revision that is to be changed, as in `"7"`: the ETag of an answer */
        'if-match'?: string
        /** @description `*` to create it only, and replace none */
        'if-none-match'?: string
        /** @description a name for this request, such as a UUID: sent again under it, within a day, it changes nothing more and has the same answer */
        'idempotency-key'?: string
      }
      path: {
        /** @description the key of the schedule */
        key: string
      }
      cookie?: never
    }
    requestBody: {
      content: {
        'application/json': components['schemas']['ScheduleInput']
      }
    }
    responses: {
      /** @description The answer. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['Schedule']
        }
      }
      /** @description A problem; its `code` says which. */
      default: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/problem+json': components['schemas']['Problem']
        }
      }
    }
  }
  deleteSchedule: {
    parameters: {
      query?: {
        /** @description the namespace that is meant; that of the token, or `default`, when left out */
        namespace?: string
      }
      header?: {
        /** @description the revision that is to be changed, as in `"7"`: the ETag of an answer */
        'if-match'?: string
        /** @description a name for this request, such as a UUID: sent again under it, within a day, it changes nothing more and has the same answer */
        'idempotency-key'?: string
      }
      path: {
        /** @description the key of the schedule */
        key: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Done. */
      204: {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      /** @description A problem; its `code` says which. */
      default: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/problem+json': components['schemas']['Problem']
        }
      }
    }
  }
  patchSchedule: {
    parameters: {
      query?: {
        /** @description the namespace that is meant; that of the token, or `default`, when left out */
        namespace?: string
      }
      header?: {
        /** @description the revision that is to be changed, as in `"7"`: the ETag of an answer */
        'if-match'?: string
        /** @description a name for this request, such as a UUID: sent again under it, within a day, it changes nothing more and has the same answer */
        'idempotency-key'?: string
      }
      path: {
        /** @description the key of the schedule */
        key: string
      }
      cookie?: never
    }
    requestBody: {
      content: {
        'application/json': components['schemas']['SchedulePatch']
      }
    }
    responses: {
      /** @description The answer. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['Schedule']
        }
      }
      /** @description A problem; its `code` says which. */
      default: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/problem+json': components['schemas']['Problem']
        }
      }
    }
  }
  pauseSchedule: {
    parameters: {
      query?: {
        /** @description the namespace that is meant; that of the token, or `default`, when left out */
        namespace?: string
      }
      header?: {
        /** @description a name for this request, such as a UUID: sent again under it, within a day, it changes nothing more and has the same answer */
        'idempotency-key'?: string
      }
      path: {
        /** @description the key of the schedule */
        key: string
      }
      cookie?: never
    }
    requestBody: {
      content: {
        'application/json': {
          /**
           * @description ISO 8601 with an offset, or epoch milliseconds
           * @example 2026-12-24T18:00:00Z
           */
          until?: string | number
          note?: string
        }
      }
    }
    responses: {
      /** @description The answer. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['Schedule']
        }
      }
      /** @description A problem; its `code` says which. */
      default: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/problem+json': components['schemas']['Problem']
        }
      }
    }
  }
  resumeSchedule: {
    parameters: {
      query?: {
        /** @description the namespace that is meant; that of the token, or `default`, when left out */
        namespace?: string
      }
      header?: {
        /** @description a name for this request, such as a UUID: sent again under it, within a day, it changes nothing more and has the same answer */
        'idempotency-key'?: string
      }
      path: {
        /** @description the key of the schedule */
        key: string
      }
      cookie?: never
    }
    requestBody: {
      content: {
        'application/json': {
          /**
           * @description what becomes of the runs of the pause; they are skipped by default
           * @enum {string}
           */
          missed?: 'skip' | 'latest' | 'all'
          note?: string
        }
      }
    }
    responses: {
      /** @description The answer. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['Schedule']
        }
      }
      /** @description A problem; its `code` says which. */
      default: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/problem+json': components['schemas']['Problem']
        }
      }
    }
  }
  triggerSchedule: {
    parameters: {
      query?: {
        /** @description the namespace that is meant; that of the token, or `default`, when left out */
        namespace?: string
      }
      header?: {
        /** @description a name for this request, such as a UUID: sent again under it, within a day, it changes nothing more and has the same answer */
        'idempotency-key'?: string
      }
      path: {
        /** @description the key of the schedule */
        key: string
      }
      cookie?: never
    }
    requestBody: {
      content: {
        'application/json': {
          /**
           * @description ISO 8601 with an offset, or epoch milliseconds
           * @example 2026-12-24T18:00:00Z
           */
          nominalAt?: string | number
        }
      }
    }
    responses: {
      /** @description The answer. */
      202: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['Occurrence']
        }
      }
      /** @description A problem; its `code` says which. */
      default: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/problem+json': components['schemas']['Problem']
        }
      }
    }
  }
  retryRun: {
    parameters: {
      query?: {
        /** @description the namespace that is meant; that of the token, or `default`, when left out */
        namespace?: string
      }
      header?: {
        /** @description a name for this request, such as a UUID: sent again under it, within a day, it changes nothing more and has the same answer */
        'idempotency-key'?: string
      }
      path: {
        /** @description the key of the schedule */
        key: string
      }
      cookie?: never
    }
    requestBody: {
      content: {
        'application/json': {
          id?: string
        }
      }
    }
    responses: {
      /** @description The answer. */
      202: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['Occurrence']
        }
      }
      /** @description A problem; its `code` says which. */
      default: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/problem+json': components['schemas']['Problem']
        }
      }
    }
  }
  backfillSchedule: {
    parameters: {
      query?: {
        /** @description the namespace that is meant; that of the token, or `default`, when left out */
        namespace?: string
      }
      header?: {
        /** @description a name for this request, such as a UUID: sent again under it, within a day, it changes nothing more and has the same answer */
        'idempotency-key'?: string
      }
      path: {
        /** @description the key of the schedule */
        key: string
      }
      cookie?: never
    }
    requestBody: {
      content: {
        'application/json': {
          /**
           * @description ISO 8601 with an offset, or epoch milliseconds
           * @example 2026-12-24T18:00:00Z
           */
          from: string | number
          /**
           * @description ISO 8601 with an offset, or epoch milliseconds
           * @example 2026-12-24T18:00:00Z
           */
          until?: string | number
          /** @description runs a minute */
          rate?: number
          /**
           * @description what becomes of those that find no room, in place of what the schedule says
           * @enum {string}
           */
          overlap?: 'allow' | 'skip' | 'queue-one' | 'queue-all' | 'replace'
          /** @default true */
          dryRun?: boolean
        }
      }
    }
    responses: {
      /** @description The answer. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/json': {
            dryRun: boolean
            planned: number
            present: number
            /**
             * Format: date-time
             * @description ISO 8601, in UTC
             */
            firstAt?: string
            /**
             * Format: date-time
             * @description ISO 8601, in UTC
             */
            lastAt?: string
            /**
             * Format: date-time
             * @description ISO 8601, in UTC
             */
            dueUntil?: string
            /** @enum {string} */
            overlap: 'allow' | 'skip' | 'queue-one' | 'queue-all' | 'replace'
            maxRunning?: number
            generations: {
              [key: string]: number
            }
          }
        }
      }
      /** @description A problem; its `code` says which. */
      default: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/problem+json': components['schemas']['Problem']
        }
      }
    }
  }
  rollbackSchedule: {
    parameters: {
      query?: {
        /** @description the namespace that is meant; that of the token, or `default`, when left out */
        namespace?: string
      }
      header?: {
        /** @description a name for this request, such as a UUID: sent again under it, within a day, it changes nothing more and has the same answer */
        'idempotency-key'?: string
      }
      path: {
        /** @description the key of the schedule */
        key: string
      }
      cookie?: never
    }
    requestBody: {
      content: {
        'application/json': {
          revision: number
          /** @default false */
          dryRun?: boolean
          note?: string
        }
      }
    }
    responses: {
      /** @description The answer. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/json': {
            fields: {
              path: string
              before?: unknown
              after?: unknown
            }[]
            schedule: components['schemas']['Schedule']
          }
        }
      }
      /** @description A problem; its `code` says which. */
      default: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/problem+json': components['schemas']['Problem']
        }
      }
    }
  }
  listChanges: {
    parameters: {
      query?: {
        /** @description the namespace that is meant; that of the token, or `default`, when left out */
        namespace?: string
        /** @description how many at most; 50 by default */
        limit?: number
        /** @description where the page before ended: its `next` */
        cursor?: string
      }
      header?: never
      path: {
        /** @description the key of the schedule */
        key: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description The answer. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/json': {
            items: {
              id: string
              revision: number
              kind: string
              /**
               * Format: date-time
               * @description ISO 8601, in UTC
               */
              at: string
              by?: string
              note?: string
              fields: {
                path: string
                before?: unknown
                after?: unknown
              }[]
            }[]
            next?: string
          }
        }
      }
      /** @description A problem; its `code` says which. */
      default: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/problem+json': components['schemas']['Problem']
        }
      }
    }
  }
  diffRevisions: {
    parameters: {
      query: {
        /** @description the namespace that is meant; that of the token, or `default`, when left out */
        namespace?: string
        before: number
        after: number
      }
      header?: never
      path: {
        /** @description the key of the schedule */
        key: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description The answer. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/json': {
            fields: {
              path: string
              before?: unknown
              after?: unknown
            }[]
          }
        }
      }
      /** @description A problem; its `code` says which. */
      default: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/problem+json': components['schemas']['Problem']
        }
      }
    }
  }
  listHistory: {
    parameters: {
      query?: {
        /** @description the namespace that is meant; that of the token, or `default`, when left out */
        namespace?: string
        /** @description how many at most; 50 by default */
        limit?: number
        /** @description where the page before ended: its `next` */
        cursor?: string
        /** @description some of planned, sent, running, succeeded, failed, skipped, with commas between them */
        states?: string
        /** @description some of missed, overlap, superseded, paused, deleted, expired, quota, cancelled, with commas between them */
        reasons?: string
        /** @description some of schedule, catch-up, manual, backfill, with commas between them */
        origins?: string
        errorCode?: string
        /** @description ISO 8601 with an offset, or epoch milliseconds */
        from?: string | number
        /** @description ISO 8601 with an offset, or epoch milliseconds */
        until?: string | number
      }
      header?: never
      path: {
        /** @description the key of the schedule */
        key: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description The answer. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/json': {
            items: components['schemas']['Occurrence'][]
            next?: string
          }
        }
      }
      /** @description A problem; its `code` says which. */
      default: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/problem+json': components['schemas']['Problem']
        }
      }
    }
  }
  explain: {
    parameters: {
      query: {
        /** @description the namespace that is meant; that of the token, or `default`, when left out */
        namespace?: string
        /** @description ISO 8601 with an offset, or epoch milliseconds */
        at: string | number
      }
      header?: never
      path: {
        /** @description the key of the schedule */
        key: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description The answer. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['Explanation']
        }
      }
      /** @description A problem; its `code` says which. */
      default: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/problem+json': components['schemas']['Problem']
        }
      }
    }
  }
  nextInstants: {
    parameters: {
      query?: {
        /** @description the namespace that is meant; that of the token, or `default`, when left out */
        namespace?: string
        count?: number
        /** @description ISO 8601 with an offset, or epoch milliseconds */
        after?: string | number
      }
      header?: never
      path: {
        /** @description the key of the schedule */
        key: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description The answer. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/json': {
            instants: string[]
          }
        }
      }
      /** @description A problem; its `code` says which. */
      default: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/problem+json': components['schemas']['Problem']
        }
      }
    }
  }
  listRuns: {
    parameters: {
      query?: {
        /** @description the namespace that is meant; that of the token, or `default`, when left out */
        namespace?: string
        /** @description how many at most; 50 by default */
        limit?: number
        /** @description where the page before ended: its `next` */
        cursor?: string
        /** @description some of planned, sent, running, succeeded, failed, skipped, with commas between them */
        states?: string
        /** @description some of missed, overlap, superseded, paused, deleted, expired, quota, cancelled, with commas between them */
        reasons?: string
        /** @description some of schedule, catch-up, manual, backfill, with commas between them */
        origins?: string
        errorCode?: string
        /** @description ISO 8601 with an offset, or epoch milliseconds */
        from?: string | number
        /** @description ISO 8601 with an offset, or epoch milliseconds */
        until?: string | number
        group?: string
        job?: string
      }
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description The answer. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/json': {
            items: components['schemas']['ListedRun'][]
            next?: string
          }
        }
      }
      /** @description A problem; its `code` says which. */
      default: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/problem+json': components['schemas']['Problem']
        }
      }
    }
  }
  getRun: {
    parameters: {
      query?: {
        /** @description the namespace that is meant; that of the token, or `default`, when left out */
        namespace?: string
      }
      header?: never
      path: {
        /** @description the id of an occurrence */
        id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description The answer. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['RunDetails']
        }
      }
      /** @description A problem; its `code` says which. */
      default: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/problem+json': components['schemas']['Problem']
        }
      }
    }
  }
  previewRecurrence: {
    parameters: {
      query?: {
        /** @description the namespace that is meant; that of the token, or `default`, when left out */
        namespace?: string
      }
      header?: {
        /** @description a name for this request, such as a UUID: sent again under it, within a day, it changes nothing more and has the same answer */
        'idempotency-key'?: string
      }
      path?: never
      cookie?: never
    }
    requestBody: {
      content: {
        'application/json': {
          recurrence: components['schemas']['RecurrenceInput']
          /** @default 5 */
          count?: number
          /**
           * @description ISO 8601 with an offset, or epoch milliseconds
           * @example 2026-12-24T18:00:00Z
           */
          after?: string | number
        }
      }
    }
    responses: {
      /** @description The answer. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/json': {
            instants: {
              /**
               * Format: date-time
               * @description ISO 8601, in UTC
               */
              at: string
              /** @description how much later than the expression names it is, since a clock change skipped it */
              shiftedMs: number
              /** @description whether it is the second pass through a time that a clock change repeated */
              secondPass: boolean
            }[]
            descriptions: string[]
            findings: {
              expression: string
              code: string
              message: string
            }[]
          }
        }
      }
      /** @description A problem; its `code` says which. */
      default: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/problem+json': components['schemas']['Problem']
        }
      }
    }
  }
  forecast: {
    parameters: {
      query?: {
        /** @description the namespace that is meant; that of the token, or `default`, when left out */
        namespace?: string
        /** @description ISO 8601 with an offset, or epoch milliseconds */
        from?: string | number
        /** @description ISO 8601 with an offset, or epoch milliseconds */
        until?: string | number
        bucket?: string
        top?: number | null
      }
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description The answer. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/json': {
            /**
             * Format: date-time
             * @description ISO 8601, in UTC
             */
            from: string
            /**
             * Format: date-time
             * @description ISO 8601, in UTC
             */
            until: string
            bucketMs: number
            schedules: number
            unreadable: number
            total: number
            buckets: {
              /**
               * Format: date-time
               * @description ISO 8601, in UTC
               */
              at: string
              count: number
            }[]
            byNamespace: {
              name: string
              count: number
            }[]
            byJob: {
              name: string
              count: number
            }[]
            byQueue: {
              name: string
              count: number
            }[]
            fullest: {
              /**
               * Format: date-time
               * @description ISO 8601, in UTC
               */
              at: string
              count: number
              filledBy: {
                namespace: string
                group?: string
                job: string
                count: number
              }[]
            }[]
          }
        }
      }
      /** @description A problem; its `code` says which. */
      default: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/problem+json': components['schemas']['Problem']
        }
      }
    }
  }
  listPauses: {
    parameters: {
      query?: {
        /** @description the namespace that is meant; that of the token, or `default`, when left out */
        namespace?: string
      }
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description The answer. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/json': {
            items: components['schemas']['Pause'][]
          }
        }
      }
      /** @description A problem; its `code` says which. */
      default: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/problem+json': components['schemas']['Problem']
        }
      }
    }
  }
  pauseMany: {
    parameters: {
      query?: {
        /** @description the namespace that is meant; that of the token, or `default`, when left out */
        namespace?: string
      }
      header?: {
        /** @description a name for this request, such as a UUID: sent again under it, within a day, it changes nothing more and has the same answer */
        'idempotency-key'?: string
      }
      path?: never
      cookie?: never
    }
    requestBody: {
      content: {
        'application/json': {
          group?: string
          /**
           * @description ISO 8601 with an offset, or epoch milliseconds
           * @example 2026-12-24T18:00:00Z
           */
          until?: string | number
          note?: string
          /** @default false */
          dryRun?: boolean
        }
      }
    }
    responses: {
      /** @description The answer. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/json': {
            schedules: number
          }
        }
      }
      /** @description A problem; its `code` says which. */
      default: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/problem+json': components['schemas']['Problem']
        }
      }
    }
  }
  resumeMany: {
    parameters: {
      query?: {
        /** @description the namespace that is meant; that of the token, or `default`, when left out */
        namespace?: string
      }
      header?: {
        /** @description a name for this request, such as a UUID: sent again under it, within a day, it changes nothing more and has the same answer */
        'idempotency-key'?: string
      }
      path?: never
      cookie?: never
    }
    requestBody: {
      content: {
        'application/json': {
          group?: string
          /**
           * @description what becomes of the runs of the pause; they are skipped by default
           * @enum {string}
           */
          missed?: 'skip' | 'latest' | 'all'
          note?: string
          /** @default false */
          dryRun?: boolean
        }
      }
    }
    responses: {
      /** @description The answer. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/json': {
            schedules: number
          }
        }
      }
      /** @description A problem; its `code` says which. */
      default: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/problem+json': components['schemas']['Problem']
        }
      }
    }
  }
  listJobs: {
    parameters: {
      query?: {
        /** @description the namespace that is meant; that of the token, or `default`, when left out */
        namespace?: string
      }
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description The answer. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/json': {
            items: components['schemas']['Job'][]
          }
        }
      }
      /** @description A problem; its `code` says which. */
      default: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/problem+json': components['schemas']['Problem']
        }
      }
    }
  }
  listAbsent: {
    parameters: {
      query?: {
        /** @description the namespace that is meant; that of the token, or `default`, when left out */
        namespace?: string
      }
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description The answer. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/json': {
            items: {
              namespace: string
              key: string
              group?: string
              job: string
              queue: string
              occurrence?: string
              /**
               * Format: date-time
               * @description ISO 8601, in UTC
               */
              nominalAt: string
              /**
               * Format: date-time
               * @description ISO 8601, in UTC
               */
              dueAt: string
              /**
               * Format: date-time
               * @description ISO 8601, in UTC
               */
              expectedBy: string
              /** @enum {string} */
              state: 'planned' | 'sent' | 'running' | 'unplanned'
              attempt: number
              server?: string
              message: string
            }[]
          }
        }
      }
      /** @description A problem; its `code` says which. */
      default: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/problem+json': components['schemas']['Problem']
        }
      }
    }
  }
  getOwed: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description The answer. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/json': {
            runs: number
            held: number
            namespaces: {
              namespace: string
              schedules: number
              runs: number
              /**
               * Format: date-time
               * @description ISO 8601, in UTC
               */
              oldestAt: string
            }[]
          }
        }
      }
      /** @description A problem; its `code` says which. */
      default: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/problem+json': components['schemas']['Problem']
        }
      }
    }
  }
  listQueues: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description The answer. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/json': {
            items: {
              [key: string]: unknown
            }[]
          }
        }
      }
      /** @description A problem; its `code` says which. */
      default: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/problem+json': components['schemas']['Problem']
        }
      }
    }
  }
  getHealth: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description The answer. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/json': {
            [key: string]: unknown
          }
        }
      }
      /** @description A problem; its `code` says which. */
      default: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/problem+json': components['schemas']['Problem']
        }
      }
    }
  }
  getMetrics: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description The answer. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'text/plain': string
        }
      }
      /** @description A problem; its `code` says which. */
      default: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/problem+json': components['schemas']['Problem']
        }
      }
    }
  }
  listServers: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description The answer. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/json': {
            items: components['schemas']['Server'][]
          }
        }
      }
      /** @description A problem; its `code` says which. */
      default: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/problem+json': components['schemas']['Problem']
        }
      }
    }
  }
  listTasks: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description The answer. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/json': {
            items: components['schemas']['Task'][]
          }
        }
      }
      /** @description A problem; its `code` says which. */
      default: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/problem+json': components['schemas']['Problem']
        }
      }
    }
  }
  unlockTask: {
    parameters: {
      query?: never
      header?: {
        /** @description a name for this request, such as a UUID: sent again under it, within a day, it changes nothing more and has the same answer */
        'idempotency-key'?: string
      }
      path: {
        name: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description The answer. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/json': {
            unlocked: boolean
          }
        }
      }
      /** @description A problem; its `code` says which. */
      default: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/problem+json': components['schemas']['Problem']
        }
      }
    }
  }
  followEvents: {
    parameters: {
      query?: {
        /** @description the namespace that is meant; that of the token, or `default`, when left out */
        namespace?: string
      }
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description The answer. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'text/event-stream': string
        }
      }
      /** @description A problem; its `code` says which. */
      default: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/problem+json': components['schemas']['Problem']
        }
      }
    }
  }
  listTokens: {
    parameters: {
      query?: {
        /** @description the namespace that is meant; that of the token, or `default`, when left out */
        namespace?: string
      }
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description The answer. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/json': {
            items: components['schemas']['Token'][]
          }
        }
      }
      /** @description A problem; its `code` says which. */
      default: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/problem+json': components['schemas']['Problem']
        }
      }
    }
  }
  createToken: {
    parameters: {
      query?: {
        /** @description the namespace that is meant; that of the token, or `default`, when left out */
        namespace?: string
      }
      header?: never
      path?: never
      cookie?: never
    }
    requestBody: {
      content: {
        'application/json': {
          label: string
          /** @enum {string} */
          scope: 'read' | 'write' | 'admin'
          groups?: string[]
          jobs?: string[]
          /**
           * @description ISO 8601 with an offset, or epoch milliseconds
           * @example 2026-12-24T18:00:00Z
           */
          expiresAt?: string | number
        }
      }
    }
    responses: {
      /** @description The answer. */
      201: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['CreatedToken']
        }
      }
      /** @description A problem; its `code` says which. */
      default: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/problem+json': components['schemas']['Problem']
        }
      }
    }
  }
  revokeToken: {
    parameters: {
      query?: {
        /** @description the namespace that is meant; that of the token, or `default`, when left out */
        namespace?: string
      }
      header?: {
        /** @description a name for this request, such as a UUID: sent again under it, within a day, it changes nothing more and has the same answer */
        'idempotency-key'?: string
      }
      path: {
        id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Done. */
      204: {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      /** @description A problem; its `code` says which. */
      default: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/problem+json': components['schemas']['Problem']
        }
      }
    }
  }
  isLive: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description The answer. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/json': {
            /** @enum {boolean} */
            isLive: true
          }
        }
      }
      /** @description A problem; its `code` says which. */
      default: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/problem+json': components['schemas']['Problem']
        }
      }
    }
  }
  isReady: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description The answer. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/json': {
            /** @enum {boolean} */
            isReady: true
          }
        }
      }
      /** @description A problem; its `code` says which. */
      default: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/problem+json': components['schemas']['Problem']
        }
      }
    }
  }
}
