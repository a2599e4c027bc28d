// The `chordial` command: its subcommands, their options and help. What each does is in a file of its own.
import { Command } from 'commander';
import packageJson from '../package.json' with { type: 'json' };
import { ControlFault } from './control-client.ts';
import { StartFault } from './host.ts';
import { ConfigurationFault, environmentName, flagName, optionList, optionNames } from './options.ts';
import { runLookup, runRing, runStatus } from './questions.ts';
import { runUp } from './up.ts';

const program = new Command('chordial')
  .description('Chordial: a highly available SIP service on a Chord ring')
  .version(packageJson.version)
  .showHelpAfterError('(see --help)');

const up = program
  .command('up')
  .description('run a host of the ring in the foreground; SIGTERM or Ctrl-C drains and stops it');
for (const name of optionNames) {
  const { hint, help, fallback } = optionList[name];
  up.option(`--${flagName(name)} <${hint}>`, `${help} (default ${fallback}; ${environmentName(name)})`);
}
up.option('--config <FILE>', 'JSON file with any of these options by name (CHORDIAL_CONFIG)')
  .option('--json', 'print events as JSON lines')
  .addHelpText(
    'after',
    `
Examples:
  chordial up                                          64 peers on loopback, domain example.com
  chordial up --domain example.com --listen udp:192.0.2.10:5060 --peers 256
  CHORDIAL_PEERS=128 chordial up --config host.json    {"domain": ["example.com"], "lanes": 4}

The command line goes before the environment, the environment before the file.`,
  )
  .action(runUp);

const controlHelp = 'where the host answers operators (CHORDIAL_CONTROL)';
program
  .command('status')
  .description('what a running host does: lanes, peers, users, traffic')
  .option('--control <ADDR:PORT>', controlHelp)
  .option('--json', 'print JSON')
  .addHelpText('after', '\nExample:\n  chordial status --json | jq .totals.location')
  .action(runStatus);
program
  .command('ring')
  .description('the peers of the ring, clockwise, and what each owns')
  .option('--control <ADDR:PORT>', controlHelp)
  .option('--json', 'print JSON')
  .addHelpText('after', '\nExample:\n  chordial ring')
  .action(runRing);
program
  .command('lookup')
  .description('which peer serves a user, how a request gets there, and where the user is registered')
  .argument('<uri>', 'SIP URI of the user')
  .option('--control <ADDR:PORT>', controlHelp)
  .option('--json', 'print JSON')
  .addHelpText('after', '\nExample:\n  chordial lookup sip:alice@example.com')
  .action(runLookup);

try {
  await program.parseAsync();
} catch (failure) {
  const expected =
    failure instanceof StartFault || failure instanceof ControlFault || failure instanceof ConfigurationFault;
  console.error(expected ? `chordial: ${failure.message}` : failure);
  process.exitCode = 1;
}
