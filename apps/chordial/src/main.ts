// The `chordial` command: its subcommands, their options and help. What each does is in a file of its own.
import { Command } from 'commander';
import packageJson from '../package.json' with { type: 'json' };
import { ControlFault } from './control-client.ts';
import { StartFault } from './host.ts';
import { ConfigurationFault, environmentName, flagName, optionList, optionNames } from './options.ts';
import { runLeave, runLookup, runRing, runStatus } from './questions.ts';
import { drawToken } from './token.ts';
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
  chordial up --listen-ring 192.0.2.10:7060 --token-file token --data /var/lib/chordial
                                                       founds a ring that other hosts can join
  chordial up --listen-ring 192.0.2.11:7060 --join 192.0.2.10:7060 --token-file token --data /var/lib/chordial

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
  .description('the hosts and peers of the ring, clockwise, and what each owns')
  .option('--check', 'ask every peer and judge the ring by its rules; exit code 1 when one is broken')
  .option('--svg <FILE>', 'write a picture of the ring')
  .option('--control <ADDR:PORT>', controlHelp)
  .option('--json', 'print JSON')
  .addHelpText('after', '\nExamples:\n  chordial ring --check\n  chordial ring --svg ring.svg')
  .action(runRing);
program
  .command('leave')
  .description('have a running host leave its ring, data first, and stop')
  .option('--control <ADDR:PORT>', controlHelp)
  .option('--json', 'print progress as JSON lines')
  .addHelpText('after', '\nExample:\n  chordial leave --control 127.0.0.1:8061')
  .action(runLeave);
program
  .command('token')
  .description('print a fresh random token for the hosts of a ring')
  .addHelpText('after', '\nExample:\n  (umask 077; chordial token > token)')
  .action(() => console.log(drawToken()));
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
