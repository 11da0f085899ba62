Register-ArgumentCompleter -Native -CommandName 'BIN' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $words = @(foreach ($element in $commandAst.CommandElements) {
        if ($element.Extent.EndOffset -ge $cursorPosition) { break }
        # The text between quotes or as typed; neither is expanded.
        if ($element -is [System.Management.Automation.Language.StringConstantExpressionAst] -or
            $element -is [System.Management.Automation.Language.ExpandableStringExpressionAst]) {
            $element.Value
        } else {
            $element.Extent.Text
        }
    })
    $words += [string]$wordToComplete
    $before = $env:VAR, $env:_VTASK_INDEX
    try {
        $env:VAR = 'powershell'
        $env:_VTASK_INDEX = $words.Count - 1
        $candidates = @(& 'COMPLETER' '--' @words 2>$null)
    } finally {
        $env:VAR, $env:_VTASK_INDEX = $before
    }
    foreach ($candidate in $candidates) {
        $value, $help = $candidate -split "`t", 2
        if (-not $help) { $help = $value }
        [System.Management.Automation.CompletionResult]::new($value, $value, 'ParameterValue', $help)
    }
}
