#!/usr/bin/perl
# Takes secrets and personal data out of what passes through. perl-base is part of every Debian and Ubuntu.
#   redact.pl SECRETS_DIR           standard input to standard output
#   redact.pl --check SECRETS_DIR FILE…   prints the files that still hold a piece of a secret, and exits 1 when there are any
# A piece is any 12 characters of a secret in a row, as it is, in base64, in hexadecimal, percent-encoded or JSON-escaped.
use strict;
use warnings;

my $WINDOW = 12;
my (%pieces, %short);

sub base64 {
  my $text = pack 'u', $_[0];
  $text =~ s/^.//mg;
  $text =~ s/\n//g;
  $text =~ tr{` -_}{AA-Za-z0-9+/};
  return $text;
}

# Only text that was encoded is worth looking for in its decoded form.
sub decoded {
  my $text = shift;
  return () unless $text =~ m{^[A-Za-z0-9+/]{40,}=*$};
  $text =~ tr{A-Za-z0-9+/}{ -_};
  $text =~ s/=+$//;
  my $plain = join '', map { unpack 'u', chr(32 + length($_) * 3 / 4) . $_ } unpack '(A60)*', $text;
  return $plain =~ /^[\x09\x0a\x0d\x20-\x7e]+$/ ? $plain : ();
}

sub look_for {
  my $text = shift;
  if (length $text < $WINDOW) {
    $short{$text} = 1 if length $text >= 4;
    return;
  }
  $pieces{substr $text, $_, $WINDOW} = 1 for 0 .. length($text) - $WINDOW;
}

sub add_value {
  my $value = shift;
  return if $value eq '';
  look_for($value);
  (my $percent = $value) =~ s/([^A-Za-z0-9._~-])/sprintf '%%%02X', ord $1/ge;
  look_for($percent) if $percent ne $value;
  look_for(lc $percent) if lc $percent ne $percent && $percent ne $value;
  (my $json = $value) =~ s/(["\\])/\\$1/g;
  look_for($json) if $json ne $value;
  return if length $value < 6;
  look_for(unpack 'H*', $value);
  look_for(uc unpack 'H*', $value);
  # In base64 a text looks different at each of three places; the first and last characters depend on its neighbours.
  for my $before (0 .. 2) {
    my $encoded = base64(('x' x $before) . $value);
    my $start = $before == 0 ? 0 : $before == 1 ? 2 : 3;
    my $tail = (length($value) + $before) % 3 ? 3 : 0;
    my $piece = substr $encoded, $start, length($encoded) - $start - $tail;
    (my $url = $piece) =~ tr{+/}{-_};
    look_for($piece) if length $piece >= 8;
    look_for($url) if $url ne $piece && length $piece >= 8;
  }
}

sub add_file {
  my ($path, $name) = @_;
  open my $file, '<', $path or die "$path: $!\n";
  while (my $line = <$file>) {
    $line =~ s/[\r\n]+$//;
    next if $line =~ /^-----/ || $line eq '';
    if ($name =~ /\.env$|_keys$/) {
      add_value($1) if $line =~ /^\s*[A-Za-z_][A-Za-z0-9_]*=["']?(.*?)["']?\s*$/;
    } elsif ($line =~ m{^[a-z+]+://(?:[^:/@]*):([^@/]+)@} ) {
      # The rest of the address is no secret, and reading it helps.
      add_value($1);
    } elsif ($name =~ /url$/ && $line =~ m{^[a-z+]+://}) {
      # A webhook's address is its own password; one without a path is only a place.
      add_value($1) if $line =~ m{^[a-z+]+://[^/]+/(.{6,})$};
    } elsif ($name =~ /_users$/ && $line =~ /^[^:]+:(.+)$/) {
      add_value($1);
    } else {
      add_value($line);
      for my $plain (decoded($line)) { add_value($_) for grep { $_ !~ /^-----/ } split /\n/, $plain; }
    }
  }
  close $file;
}

sub add_folder {
  my $folder = shift;
  opendir my $dir, $folder or die "$folder: $!\n";
  for my $name (readdir $dir) {
    next if $name =~ /^\.\.?$/ || $name =~ /\.crt$/;
    my $path = "$folder/$name";
    if (-d $path) { add_folder($path) } elsif (-f $path) { add_file($path, $name) }
  }
  closedir $dir;
}

# without_secrets LINE: every run of pieces becomes one mark.
sub without_secrets {
  my $line = shift;
  my @marks;
  my $last = length($line) - $WINDOW;
  for (my $at = 0; $at <= $last; $at++) {
    next unless exists $pieces{substr $line, $at, $WINDOW};
    my $end = $at + $WINDOW;
    $end++ while $end - $WINDOW + 1 <= $last && exists $pieces{substr $line, $end - $WINDOW + 1, $WINDOW};
    push @marks, [$at, $end];
    $at = $end - 1;
  }
  substr($line, $_->[0], $_->[1] - $_->[0]) = '[secret]' for reverse @marks;
  for my $text (keys %short) { $line =~ s/(?<![A-Za-z0-9])\Q$text\E(?![A-Za-z0-9])/[secret]/g }
  return $line;
}

my $NAMES = qr/authorization|proxy-authorization|cookie|set-cookie|x-api-key|x-auth-token|x-agent-token|x-lago-signature|stripe-signature/i;
my $FIELDS = qr/(?:[a-z0-9_-]*(?:password|passwd|secret|api_?key|access_?token|refresh_?token|id_?token|client_?secret|private_?key))/i;

# What was never a file here: tokens, headers, addresses of people.
sub without_tokens {
  local $_ = shift;
  s/(["']?$NAMES["']?\s*[:=]\s*)(?:"(?:[^"\\]|\\.)*"|'[^']*'|\[[^\]]*\]|[^\r\n"',}]*(?:[,;]\s*[^\r\n"'}]*)*)/$1"[redacted]"/g;
  s/\b(Bearer|Basic|Digest)\s+[A-Za-z0-9._~+\/=-]{6,}/$1 [redacted]/gi;
  s/\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]*)*/[redacted]/g;
  s/\b((?:sk|pk|rk|bst|whsec|ghp|gho|ghs|glpat|xox[abp]|test_sk|live_sk)[_-](?:[A-Za-z]+[_-])?)[A-Za-z0-9_-]{8,}/$1\[redacted]/g;
  s/\bAKIA[0-9A-Z]{16}\b/[redacted]/g;
  s{(\b[a-z][a-z0-9+.-]*://)[^/\s:@"']*:[^/\s@"']+@}{$1\[redacted]@}gi;
  s/(["']?\b$FIELDS\b["']?\s*[:=]\s*)(?!\s|\/run\/secrets\/)(?:"(?:[^"\\]|\\.)*"|'[^']*'|[^\s,;&}\]"']+)/$1"[redacted]"/g;
  s/([?&](?:code|state|token|session_state|signature|sig|key|id_token_hint)=)[^&\s"']+/$1\[redacted]/gi;
  s/[A-Za-z0-9._%+-]+(@|%40)(?=[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,})/[redacted]$1/g;
  return $_;
}

my $check = @ARGV && $ARGV[0] eq '--check' ? shift @ARGV : '';
my $folder = shift @ARGV // die "redact.pl [--check] SECRETS_DIR\n";
add_folder($folder) if -d $folder;
if ($check) {
  my $found = 0;
  for my $path (@ARGV) {
    open my $file, '<', $path or die "$path: $!\n";
    while (my $line = <$file>) {
      next if without_secrets($line) eq $line;
      print "$path\n";
      $found = 1;
      last;
    }
    close $file;
  }
  exit $found;
}
$| = 1;
while (my $line = <STDIN>) { print without_tokens(without_secrets($line)) }
