import type { BranchTip } from '../../ledger/header-tips.ts'
import { toDisplay } from '../../wire/hash.ts'
import { json, text } from '../answer.ts'
import { forSeconds } from '../cache-rule.ts'
import type { ApiDeps } from '../deps.ts'
import { get, inJson, inText, type Route, tagged } from '../route.ts'
import { count, HASH, HEIGHT, list, object, string, word } from '../schema.ts'

const KEEP = forSeconds(2)
const TIP = object({
  height: HEIGHT,
  hash: HASH,
  branchlen: count('Headers that are not on the best chain; 0 for its own tip.'),
  status: word('active', 'valid-headers', 'headers-only', 'invalid'),
})

export function tipRoutes({ queries }: ApiDeps): Route[] {
  return tagged('Blocks', [
    get('/blocks/tip/height', {
      about: 'Height of the tip.',
      gives: inText(string('^[0-9]+$')),
      fails: [],
      keep: KEEP,
      answer: async () => text(String((await queries.status()).tip.height)),
    }),
    get('/blocks/tip/hash', {
      about: 'Hash of the tip.',
      gives: inText(HASH),
      fails: [],
      keep: KEEP,
      answer: async () => text(toDisplay((await queries.status()).tip.hash)),
    }),
    get('/chain-tips', {
      about:
        "Ends of all branches of the last 4032 heights, the highest first, as Bitcoin Core's getchaintips has them.",
      gives: inJson(list(TIP)),
      fails: [],
      keep: KEEP,
      answer: async () => json((await queries.branchTips()).map(tipView)),
    }),
    get('/stale-tips', {
      about: 'Those of branches whose blocks are kept although they lost to others.',
      gives: inJson(list(TIP)),
      fails: [],
      keep: KEEP,
      answer: async () => {
        const tips = await queries.branchTips()
        return json(tips.filter(({ status }) => status === 'valid-headers').map(tipView))
      },
    }),
  ])
}

function tipView({ height, hash, branchLength, status }: BranchTip) {
  return { height, hash: toDisplay(hash), branchlen: branchLength, status }
}
