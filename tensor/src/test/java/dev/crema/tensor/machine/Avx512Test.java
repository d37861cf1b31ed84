package dev.crema.tensor.machine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.crema.tensor.machine.Assembler.Part;
import dev.crema.tensor.machine.Assembler.Register;
import java.util.HexFormat;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** Instructions against what the GNU assembler 2.40 makes of the same text. */
class Avx512Test {
    private static void check(String text, String bytes, Consumer<Avx512> instruction) {
        Avx512 assembler = new Avx512();
        instruction.accept(assembler);
        assertThat(HexFormat.ofDelimiter(" ").formatHex(assembler.code()))
                .as(text)
                .isEqualTo(bytes);
    }

    @Test
    void readsAndWrites() {
        check("vmovups 0x40(%rsi),%zmm17", "62 e1 7c 48 10 8e 40 00 00 00", a -> a.load(17, Register.RSI, 0x40));
        check(
                "vmovups %zmm26,0x80(%rcx)",
                "62 61 7c 48 11 91 80 00 00 00", a -> a.store(Register.RCX, 0x80, 26, Assembler.ALL));
        check("vmovups %zmm3,0x0(%rcx){%k1}", "62 f1 7c 49 11 99 00 00 00 00", a -> a.store(Register.RCX, 0, 3, 1));
        check(
                "vmovdqu16 %ymm31,0x20(%rcx){%k2}",
                "62 61 ff 2a 7f b9 20 00 00 00", a -> a.storeHalf(Register.RCX, 0x20, 31, 2));
        check(
                "vmovdqu16 %ymm8,0x20(%r8)",
                "62 51 ff 28 7f 80 20 00 00 00", a -> a.storeHalf(Register.R8, 0x20, 8, Assembler.ALL));
        check(
                "vpbroadcastd 0x300(%rdi),%zmm31",
                "62 62 7d 48 58 bf 00 03 00 00", a -> a.broadcast(Part.WHOLE, 31, Register.RDI, 0x300));
        check(
                "vpmovzxwd 0x20(%rax),%zmm29{%k2}; vpslld $16,%zmm29,%zmm29",
                "62 62 7d 4a 33 a8 20 00 00 00 62 91 15 40 72 f5 10", a -> a.loadHalf(29, Register.RAX, 0x20, 2));
        check("prefetcht1 0x0(%r9)", "41 0f 18 91 00 00 00 00", a -> a.prefetch(Register.R9, 0));
        check("prefetcht1 0x40(%rdi)", "0f 18 97 40 00 00 00", a -> a.prefetch(Register.RDI, 0x40));
    }

    @Test
    void computes() {
        check(
                "vaddps 0x40(%rcx),%zmm25,%zmm25{%k2}",
                "62 61 34 42 58 89 40 00 00 00", a -> a.addFrom(25, Register.RCX, 0x40, 2));
        check("vaddps %zmm29,%zmm17,%zmm17", "62 81 74 40 58 cd", a -> a.add(17, 17, 29));
        check("vsubps %zmm16,%zmm20,%zmm20", "62 a1 5c 40 5c e0", a -> a.subtract(20, 20, 16));
        check("vbroadcastss %xmm2,%zmm18", "62 e2 7d 48 18 d2", a -> a.spread(18, 2));
        check("vshuff32x4 $0x4e,%zmm19,%zmm19,%zmm20", "62 a3 65 40 23 e3 4e", a -> a.exchange(20, 19, 8));
        check("vshuff32x4 $0xb1,%zmm19,%zmm19,%zmm20", "62 a3 65 40 23 e3 b1", a -> a.exchange(20, 19, 4));
        check("vshuff32x4 $0xd8,%zmm29,%zmm29,%zmm2", "62 93 15 40 23 d5 d8", a -> a.quarters(2, 29, 29, 0, 2, 1, 3));
        check("vunpcklps %zmm17,%zmm2,%zmm18", "62 a1 6c 48 14 d1", a -> a.mixLower(18, 2, 17));
        check("vunpckhps %zmm17,%zmm2,%zmm18", "62 a1 6c 48 15 d1", a -> a.mixUpper(18, 2, 17));
        check("vunpcklpd %zmm17,%zmm2,%zmm18", "62 a1 ed 48 14 d1", a -> a.joinLower(18, 2, 17));
        check("vunpckhpd %zmm17,%zmm2,%zmm18", "62 a1 ed 48 15 d1", a -> a.joinUpper(18, 2, 17));
        check("vpermilps $0x4e,%zmm19,%zmm20", "62 a3 7d 48 04 e3 4e", a -> a.exchange(20, 19, 2));
        check("vpermilps $0xb1,%zmm19,%zmm20", "62 a3 7d 48 04 e3 b1", a -> a.exchange(20, 19, 1));
        check("vpxord %zmm19,%zmm19,%zmm19", "62 a1 65 40 ef db", a -> a.clear(19));
        check("vfmadd231ps %zmm31,%zmm29,%zmm12", "62 12 15 40 b8 e7", a -> a.multiplyAdd(false, 12, 29, 31));
        check("vfmadd231ps %zmm9,%zmm5,%zmm18", "62 c2 55 48 b8 d1", a -> a.multiplyAdd(false, 18, 5, 9));
        check("vdpbf16ps %zmm31,%zmm30,%zmm25", "62 02 0e 40 52 cf", a -> a.multiplyAdd(true, 25, 30, 31));
        check("vcvtneps2bf16 %zmm24,%ymm31", "62 02 7e 48 72 f8", a -> a.roundToBf16(31, 24));
        check("mov $0x1ff,%eax; kmovd %eax,%k2", "b8 ff 01 00 00 c5 fb 92 d0", a -> a.mask(2, 9));
    }

    @Test
    void pairs() {
        check("vpmovzxwd %ymm24,%zmm23", "62 82 7d 48 33 f8", a -> a.widen(23, 24));
        check(
                "vpslld $16,%zmm23,%zmm23; vpord %zmm22,%zmm23,%zmm23",
                "62 b1 45 40 72 f7 10 62 a1 45 40 eb fe", a -> a.pair(23, 22));
        check(
                "vpunpcklwd 0x480(%rsi),%zmm29,%zmm29",
                "62 61 15 40 61 ae 80 04 00 00", a -> a.lowerPairs(29, 29, Register.RSI, 0x480));
        check(
                "vpunpckhwd 0x480(%rsi),%zmm29,%zmm30",
                "62 61 15 40 69 b6 80 04 00 00", a -> a.upperPairs(30, 29, Register.RSI, 0x480));
    }

    @Test
    void computesExponentials() {
        check("vmaxps %zmm20,%zmm17,%zmm9", "62 31 74 40 5f cc", a -> a.largest(9, 17, 20));
        check("vmulps %zmm9,%zmm24,%zmm3", "62 d1 3c 40 59 d9", a -> a.multiply(3, 24, 9));
        check("vdivps %zmm29,%zmm2,%zmm18", "62 81 6c 48 5e d5", a -> a.divide(18, 2, 29));
        check("vreduceps $0x1,%zmm31,%zmm30", "62 03 7d 48 56 f7 01", a -> a.fraction(30, 31));
        check("vscalefps %zmm31,%zmm29,%zmm9", "62 12 15 40 2c cf", a -> a.scale(9, 29, 31));
    }

    @Test
    void readsConstantsFromBehindTheCode() {
        check(
                "vmulps c(%rip){1to16},%zmm17,%zmm31; c: .float 1",
                "62 61 74 50 59 3d 00 00 00 00 00 00 80 3f", a -> a.multiplyBy(1, 31, 17));
        check(
                "vaddps c(%rip){1to16},%zmm29,%zmm12; vfmadd213ps d(%rip){1to16},%zmm30,%zmm29; c: .float 2; d: .float 1",
                "62 71 14 50 58 25 0a 00 00 00 62 62 0d 50 a8 2d 04 00 00 00 00 00 00 40 00 00 80 3f", a -> {
                    a.addConstant(2, 12, 29);
                    a.horner(29, 30, 1);
                });
    }

    @Test
    void countsAndReturns() {
        check("add $0x80,%rsi", "48 81 c6 80 00 00 00", a -> a.add(Register.RSI, 0x80));
        check("add %r8,%rcx", "4c 01 c1", a -> a.add(Register.RCX, Register.R8));
        check("add %r8,%rax", "4c 01 c0", a -> a.add(Register.RAX, Register.R8));
        check("mov 8(%rsp),%rax", "48 8b 44 24 08", a -> a.argument(Register.RAX));
        check("dec %rdx; jne 0", "48 ff ca 0f 85 f7 ff ff ff", a -> a.countDown(Register.RDX, 0));
        check("dec %r9; jne 0", "49 ff c9 0f 85 f7 ff ff ff", a -> a.countDown(Register.R9, 0));
        check("vzeroupper; ret", "c5 f8 77 c3", Assembler::end);
    }
}
