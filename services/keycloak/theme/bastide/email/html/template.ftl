<#-- The frame of the orchestrator's mails: tables and inline styles are what Outlook, Gmail and Apple Mail agree on. -->
<#macro emailLayout>
<!doctype html>
<html lang="${locale.language}" dir="${(ltr)?then('ltr','rtl')}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light">
<style>
  a { color: #1f45b8; font-weight: 600; overflow-wrap: anywhere; }
  p { margin: 0 0 16px; }
</style>
</head>
<body style="margin:0;padding:0;background:#fbfaf8">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="background:#fbfaf8">
<tr><td align="center" style="padding:32px 16px">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="max-width:560px;background:#ffffff;border:1px solid #e4e2de;border-radius:12px">
<tr><td style="padding:32px;font-family:-apple-system,BlinkMacSystemFont,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;font-size:16px;line-height:25px;color:#181b22">
<p style="margin:0 0 24px;font-size:18px;font-weight:700;color:#1f45b8">${realmName!'Bastide'}</p>
<#nested>
</td></tr>
</table>
</td></tr>
</table>
</body>
</html>
</#macro>
