class Vtask < Formula
  desc "Terminal monitor for long vSphere operations"
  homepage "@REPOSITORY@"
  url "@REPOSITORY@/archive/refs/tags/v@VERSION@.tar.gz"
  sha256 "@SHA256_SOURCE@"
  license "MIT"

  depends_on "rust" => :build

  def install
    system "cargo", "install", "--profile", "dist", *std_cargo_args
    man1.mkpath
    system bin/"vtask", "man", "--dir", man1
    # There is a page for each `help` subcommand, too.
    rm Dir[man1/"*-help.1", man1/"*-help-*.1"]
    generate_completions_from_executable(bin/"vtask", "completions")
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/vtask --version")
  end
end
