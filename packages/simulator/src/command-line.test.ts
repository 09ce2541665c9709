import { describe, expect, it } from 'vitest'
import { help, readCommandLine } from './command-line.js'
import { replayCommand } from './print-report.js'
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
      churn: { ...defaultScenario.churn, stays: 'pareto' as const },
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

  it('helps', () => {
    expect(readCommandLine(['--help'])).toEqual({ type: 'help' })
    expect(help).toContain('--kill-meeting-point')
  })
})
