/** completion: the scripts that make TAB work. */
import { EXIT } from '../exit-codes';
import { defineVerb } from '../verb';

const KUBECTL = `#!/bin/sh
# Save as kubectl_complete-vm_migrate, executable, in a folder on PATH (kubectl 1.26 and newer).
exec kubectl-vm_migrate __complete "$@"`;

const BASH = `# For kubectl-vm_migrate called by its own name. With kubectl itself: kubectl vm-migrate completion kubectl
_kubectl_vm_migrate() {
  local line cur=\${COMP_WORDS[COMP_CWORD]} cword=$COMP_CWORD
  local words=("\${COMP_WORDS[@]}")
  # Words of ours hold colons, at which bash would split them.
  declare -F _get_comp_words_by_ref >/dev/null && _get_comp_words_by_ref -n : cur words cword
  COMPREPLY=()
  while IFS=$'\\t' read -r line _; do
    case $line in
      :*) [ "$line" = ":0" ] && [ \${#COMPREPLY[@]} -eq 0 ] && compopt -o default ;;
      *) COMPREPLY+=("$line") ;;
    esac
  done < <(kubectl-vm_migrate __complete "\${words[@]:1:cword}" 2>/dev/null)
  declare -F __ltrim_colon_completions >/dev/null && __ltrim_colon_completions "$cur"
  return 0
}
complete -F _kubectl_vm_migrate kubectl-vm_migrate`;

const ZSH = `#compdef kubectl-vm_migrate
# For kubectl-vm_migrate called by its own name. With kubectl itself: kubectl vm-migrate completion kubectl
_kubectl_vm_migrate() {
  local -a offers
  local word why
  while IFS=$'\\t' read -r word why; do
    case $word in
      :0) (( \${#offers} )) || _files ;;
      :*) ;;
      *) offers+=("\${word//:/\\\\:}:$why") ;;
    esac
  done < <(kubectl-vm_migrate __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)
  (( \${#offers} )) && _describe 'vm-migrate' offers
}
compdef _kubectl_vm_migrate kubectl-vm_migrate`;

const SCRIPTS: Readonly<Record<string, string>> = { kubectl: KUBECTL, bash: BASH, zsh: ZSH };

export const completion = defineVerb({
  name: 'completion',
  group: 'run',
  summary: 'print the script that makes TAB work',
  details: [
    'kubectl: for `kubectl vm-migrate`, a program to put on PATH. bash, zsh: for `kubectl-vm_migrate` itself.',
  ],
  positionals: {
    shell: { shown: 'SHELL', describe: 'One of', need: 'required', choices: Object.keys(SCRIPTS) },
  },
  options: {},
  examples: [
    {
      command: 'completion kubectl > ~/.local/bin/kubectl_complete-vm_migrate',
      why: 'then chmod +x it',
    },
    { command: 'completion bash >> ~/.bashrc', why: 'for the program by its own name' },
  ],
  operations: [],

  async run({ shell }, { terminal }) {
    terminal.print(SCRIPTS[shell] ?? '');
    return EXIT.done;
  },
});
