import { describe, expect, it } from 'vitest'
import * as faulty from '../../../../test/support/faulty-brokers.ts'
import { MemoryBroker } from '../../../../test/support/memory-broker.ts'
import { queueContract, type QueueContractKit } from './queue-contract.ts'

/** Long enough for a machine that stands still for a while. */
const PATIENT_MS = 10_000
/** Where something that is lost is waited for in vain. */
const IMPATIENT_MS = 3_000

type MakeBroker = () => MemoryBroker

/** For each name a broker of its own. */
function kit(make: MakeBroker, toleranceMs: number): QueueContractKit {
  const brokers = new Map<string, MemoryBroker>()
  return {
    toleranceMs,
    holdMs: 1_000,
    open: async (name) => {
      const broker = brokers.get(name) ?? make()
      brokers.set(name, broker)
      return broker.open()
    },
    loseData: async () => brokers.forEach((broker) => broker.loseData()),
    restart: async () => brokers.forEach((broker) => broker.restart()),
  }
}

describe.concurrent.each([
  { title: 'that can do everything', can: true },
  { title: 'that can neither withdraw nor deduplicate', can: false },
])('a queue in memory $title', ({ can }) => {
  const make = () => new MemoryBroker({ canDeduplicate: can, canWithdraw: can })
  it.each(queueContract)('$name', { timeout: 60_000 }, async ({ run }) => {
    await run(kit(make, PATIENT_MS))
  })
})

const HAVE_NOT_COME = /\d+ of \d+ messages have not come/
const TOO_OFTEN = /messages came more than \d times/
const IN_VAIN = /^waited \d+ ms in vain/

/** What is wrong with a queue, which promise it breaks by that, and what is said about it. */
type Fault = readonly [broken: new () => MemoryBroker, breaks: string, says: RegExp]

const THOUSANDS = 'delivers each of thousands once, unchanged, and not before it is due'
const KINDS = 'carries messages of any kind'
const LONG = 'lets a long delay hold up no short one'
const COMPETE = 'gives a message to one of many that compete for it'
const NOBODY_ELSE = 'gives a message to nobody else while a handler has it'
const AGAIN = 'gives again what is to come again, soon and until it is done'
const TO_ANOTHER = 'gives to another what its consumer did not want'
const AS_MANY = 'takes as many at a time as it says, and no more'
const GOES_ON = 'goes on with others while a handler is at work'
const STOPS = 'stops when what is at work has ended, and gives back the rest'
const DISPOSED = 'gives to another what a consumer had when its queue was disposed of'
const ONCE = 'takes in a message once while it waits, if it can deduplicate'
const TAKES_AGAIN = 'takes in again what has been delivered and settled'
const PROMOTES = 'promotes what waits'
const NOT_AGAIN = 'promotes what waits before its instant comes by itself, and then not again'
const PROMOTES_ANY = 'is not harmed when what is unknown, at work or settled is promoted'
const TAKES_BACK = 'takes back what waits, if it can withdraw, and nothing if it cannot'
const WITHDRAWN = 'takes in again what was withdrawn'
const WITHDRAWS_ANY = 'is not harmed when what is at work or settled is withdrawn'
const EPOCH = 'has one epoch for all who ask, as long as it loses nothing'
const LOSS = 'has another epoch once the server has lost its data'
const AFTER_LOSS = 'goes on when the server has lost its data'
const RESTART = 'loses nothing when the server is started anew'
const HEALTH = 'says how it is'

const faults: readonly Fault[] = [
  [faulty.LosesSome, THOUSANDS, HAVE_NOT_COME],
  [faulty.LosesSome, 'takes in thousands in one call, and none', HAVE_NOT_COME],
  [faulty.DropsThePast, 'delivers at once what is due already', HAVE_NOT_COME],
  [faulty.IsEarly, THOUSANDS, /came \d+ ms before it was due/],
  [faulty.ForgetsInstants, THOUSANDS, /came \d+ ms before it was due/],
  [faulty.GivesTwice, THOUSANDS, TOO_OFTEN],
  [faulty.OverflowsTimers, LONG, /came \d+ ms before it was due/],
  [faulty.BlocksBehindLong, LONG, HAVE_NOT_COME],
  [faulty.ChangesTheJob, KINDS, /is another one than was sent/],
  [faulty.CutsIds, KINDS, HAVE_NOT_COME],
  [faulty.ForgetsWaiting, 'keeps what waits while nobody is connected', HAVE_NOT_COME],
  [faulty.GivesToTwo, COMPETE, /came while a handler had it/],
  [faulty.GivesAgainAfter, NOBODY_ELSE, /came while a handler had it/],
  [faulty.ForgetsAgain, AGAIN, HAVE_NOT_COME],
  [faulty.ForgetsAgain, TO_ANOTHER, HAVE_NOT_COME],
  [faulty.GivesAgainToTheSame, TO_ANOTHER, HAVE_NOT_COME],
  [faulty.IgnoresConcurrency, AS_MANY, /which is its concurrency/],
  [faulty.TakesOneAtATime, AS_MANY, IN_VAIN],
  [faulty.TakesBatches, GOES_ON, HAVE_NOT_COME],
  [faulty.StopsWithoutWaiting, STOPS, /did not wait for the handlers/],
  [faulty.GoesOnAfterStop, STOPS, /had been stopped/],
  [faulty.LosesWhatItHadTaken, STOPS, HAVE_NOT_COME],
  [faulty.ForgetsWhatItsLastConsumerHad, DISPOSED, HAVE_NOT_COME],
  [faulty.ReplacesWhatWaits, ONCE, /came \d+ ms before it was due/],
  [faulty.TakesInTwice, ONCE, /came while a handler had it|came more than 1 times/],
  [faulty.PostponesWhatIsSentAgain, ONCE, HAVE_NOT_COME],
  [faulty.RefusesSettled, TAKES_AGAIN, HAVE_NOT_COME],
  [faulty.IgnoresPromote, PROMOTES, HAVE_NOT_COME],
  [faulty.PromotesAllBut, PROMOTES, HAVE_NOT_COME],
  [faulty.PromotesACopy, NOT_AGAIN, TOO_OFTEN],
  [faulty.ChokesOnUnknown, PROMOTES_ANY, /^there is no /],
  [faulty.IgnoresWithdrawal, TAKES_BACK, /had been withdrawn/],
  [faulty.WithdrawsAHundred, TAKES_BACK, /had been withdrawn/],
  [faulty.WithdrawsForEver, WITHDRAWN, HAVE_NOT_COME],
  [faulty.TakesAwayWhatIsAtWork, WITHDRAWS_ANY, /came while a handler had it/],
  [faulty.NamesANewEpoch, EPOCH, /told different epochs/],
  [faulty.EchoesTheEpoch, EPOCH, /depends on what is given/],
  [faulty.EchoesTheEpoch, LOSS, /the same as before/],
  [faulty.NeverNamesANewEpoch, LOSS, /the same as before/],
  [faulty.StopsDeliveringAfterLoss, AFTER_LOSS, HAVE_NOT_COME],
  [faulty.LosesAtRestart, RESTART, HAVE_NOT_COME],
  [faulty.StopsDeliveringAfterRestart, RESTART, HAVE_NOT_COME],
  [faulty.Miscounts, HEALTH, /in vain until it counts what waits/],
  [faulty.IsDown, HEALTH, /it says that it is down: no answer/],
]

describe.concurrent('the contract of queues', () => {
  it.each(faults.map(([Broken, breaks, says]) => ({ that: Broken.name, Broken, breaks, says })))(
    'finds one that $that',
    { timeout: 60_000 },
    async ({ Broken, breaks, says }) => {
      const { run } = queueContract.find(({ name }) => name === breaks)!
      await expect(run(kit(() => new Broken(), IMPATIENT_MS))).rejects.toThrow(says)
    },
  )

  it('has no case that finds nothing', () => {
    const proven = new Set(faults.map(([, breaks]) => breaks))
    expect(queueContract.filter(({ name }) => !proven.has(name))).toEqual([])
  })

  it('does not pass over in silence what the kit cannot do', async () => {
    const whole = kit(() => new MemoryBroker(), IMPATIENT_MS)
    const bare = { toleranceMs: IMPATIENT_MS, open: (name: string) => whole.open(name) }
    const needy = queueContract.filter(({ needs }) => needs !== undefined)
    expect(needy.length).toBeGreaterThan(0)
    for (const { needs, run } of needy) await expect(run(bare)).rejects.toThrow(`the kit has no ${needs}()`)
  })
})
