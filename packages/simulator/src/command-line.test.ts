import { describe, expect, it } from 'vitest'
import { help, readCommandLine } from './command-line.js'
import { replayCommand } from './print-report.js'
import { usualNat } from './nat.js'
import { defaultScenario } from './scenario.js'

describe('the command line', () => {
  it('means the defaults when it says nothing', () => {
    expect(readCommandLine([])).toEqual({ type: 'run', scenario: defaultScenario, json: undefined })
  })

  it('of a replay means the same run', () => {
    const scenario = {
      ...defaultScenario,
      seed: 7,
      peers: 12,
      killMeetingPoint: true,
      churn: { ...defaultScenario.churn, stays: 'pareto' as const, arrivals: 'poisson' as const },
      latency: { model: 'king' as const, meanMs: 80 },
      loss: 0.02,
      uplinkMbps: 5,
      nat: usualNat,
      sleepers: { share: 0.2, awakeMs: 300_000, frozenMs: 60_000, hiddenShare: 0.5 },
      partition: { share: 0.3, afterMs: 120_000, forMs: 60_000 },
      start: 'laidOut' as const,
    }
    const parameters = replayCommand(scenario).replace('npm run simulate -- ', '').split(' ')
    expect(readCommandLine(parameters)).toEqual({ type: 'run', scenario, json: undefined })
  })

  it.each([
    ['90s', 90_000],
    ['10m', 600_000],
    ['1h', 3_600_000],
    ['0', Infinity],
  ])('takes %s for a stay', (time, medianStayMs) => {
    expect(readCommandLine(['--churn', time])).toMatchObject({ scenario: { churn: { medianStayMs } } })
  })

  it.each([['--churn', '10'], ['--peers', 'many'], ['--peers', '1'], ['--crashes', '2'], ['--stays', 'long'], ['--what'], ['--seed', '']])(
    'says what is wrong with %s %s',
    (...parameters) => {
      expect(readCommandLine(parameters)).toMatchObject({ type: 'wrong', why: expect.stringContaining(parameters[0]) })
    },
  )

  it.each([
    ['--nat', '0.5,0.4,0.3'],
    ['--nat', 'mostly'],
    ['--sleepers', '0.2,5m'],
    ['--sleepers', '0.2,5m,1m,2'],
    ['--partition', '2,5m,1m'],
    ['--uplink', '0'],
    ['--loss', '0.9'],
    ['--start', 'somehow'],
  ])('says what is wrong with %s %s', (...parameters) => {
    expect(readCommandLine(parameters)).toMatchObject({ type: 'wrong', why: expect.stringContaining(parameters[0]) })
  })

  it('knows the usual routers', () => {
    expect(readCommandLine(['--nat', 'usual'])).toMatchObject({ scenario: { nat: usualNat } })
  })

  it('takes a scenario that is kept as a file, with changes', () => {
    const parameters = ['--scenario', 'churn-10m', '--set', 'seed=8', '--set', 'latency.meanMs=20', '--json', 'out.json']
    const asked = { type: 'runFile', name: 'churn-10m', changes: ['seed=8', 'latency.meanMs=20'], json: 'out.json' }
    expect(readCommandLine(parameters)).toEqual(asked)
    expect(readCommandLine(['--list'])).toEqual({ type: 'list' })
  })

  it('helps', () => {
    expect(readCommandLine(['--help'])).toEqual({ type: 'help' })
    expect(help).toContain('--kill-meeting-point')
  })
})
