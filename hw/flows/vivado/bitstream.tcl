# Batch project: processor, DMA and accelerator to a bit file and its hwh, of one stem, in $out_dir.
# hw/bitstream.py runs `vivado -mode batch -source bitstream.tcl -tclargs settings.tcl`; settings.tcl sets
#   stem part family clock_mhz in_bits out_bits out_words sources memories out_dir      (family: zynq or zynqmp)
# Writes $out_dir/timing.json always, and the bit file only when setup and hold are met.

source [lindex $argv 0]
set flow [file dirname [file normalize [info script]]]

create_project -force $stem project -part $part
add_files -norecurse [concat [list $flow/accelerator.v] $sources]
if {[llength $memories]} {
  add_files -norecurse $memories
  set_property file_type {Memory File} [get_files $memories]
}
update_compile_order -fileset sources_1

create_bd_design system
if {$family eq "zynq"} {
  set ps [create_bd_cell -type ip -vlnv [get_ipdefs -filter {VLNV =~ *:processing_system7:*}] ps]
  set_property -dict [list CONFIG.PCW_FPGA0_PERIPHERAL_FREQMHZ $clock_mhz CONFIG.PCW_USE_S_AXI_HP0 1] $ps
  apply_bd_automation -rule xilinx.com:bd_rule:processing_system7 \
    -config {make_external "FIXED_IO, DDR" apply_board_preset 1} $ps
  lassign {/ps/M_AXI_GP0 /ps/S_AXI_HP0 /ps/FCLK_CLK0} control memory clock
} else {
  set ps [create_bd_cell -type ip -vlnv [get_ipdefs -filter {VLNV =~ *:zynq_ultra_ps_e:*}] ps]
  apply_bd_automation -rule xilinx.com:bd_rule:zynq_ultra_ps_e -config {apply_board_preset 1} $ps
  set_property -dict [list CONFIG.PSU__CRL_APB__PL0_REF_CTRL__FREQMHZ $clock_mhz \
    CONFIG.PSU__USE__M_AXI_GP0 1 CONFIG.PSU__USE__M_AXI_GP1 0 CONFIG.PSU__USE__S_AXI_GP2 1] $ps
  lassign {/ps/M_AXI_HPM0_FPD /ps/S_AXI_HP0_FPD /ps/pl_clk0} control memory clock
}

set dma [create_bd_cell -type ip -vlnv [get_ipdefs -filter {VLNV =~ *:axi_dma:*}] dma]
set_property -dict [list CONFIG.c_include_sg 0 CONFIG.c_sg_length_width 26 \
  CONFIG.c_m_axis_mm2s_tdata_width 32 CONFIG.c_include_mm2s_dre 1 CONFIG.c_include_s2mm_dre 1] $dma
set accelerator [create_bd_cell -type module -reference accelerator accelerator]
set_property -dict [list CONFIG.InBits $in_bits CONFIG.OutBits $out_bits CONFIG.OutWords $out_words] $accelerator

# The DMA's streams are 32 bits; the accelerator's words are whole bytes of any number.
set converter [get_ipdefs -filter {VLNV =~ *:axis_dwidth_converter:*}]
set widen [create_bd_cell -type ip -vlnv $converter widen]
set narrow [create_bd_cell -type ip -vlnv $converter narrow]
set_property -dict [list CONFIG.M_TDATA_NUM_BYTES [expr {$in_bits / 8}]] $widen
set_property -dict [list CONFIG.M_TDATA_NUM_BYTES 4 CONFIG.HAS_TKEEP 1 CONFIG.HAS_TLAST 1] $narrow
connect_bd_intf_net [get_bd_intf_pins dma/M_AXIS_MM2S] [get_bd_intf_pins widen/S_AXIS]
connect_bd_intf_net [get_bd_intf_pins widen/M_AXIS] [get_bd_intf_pins accelerator/s_axis]
connect_bd_intf_net [get_bd_intf_pins accelerator/m_axis] [get_bd_intf_pins narrow/S_AXIS]
connect_bd_intf_net [get_bd_intf_pins narrow/M_AXIS] [get_bd_intf_pins dma/S_AXIS_S2MM]

proc connect {master slave pin clock} {
  apply_bd_automation -rule xilinx.com:bd_rule:axi4 -config [list Master $master Slave $slave \
    Clk_master $clock Clk_slave $clock Clk_xbar $clock intc_ip {New AXI SmartConnect}] [get_bd_intf_pins $pin]
}
connect $control /dma/S_AXI_LITE dma/S_AXI_LITE $clock
connect /dma/M_AXI_MM2S $memory [string range $memory 1 end] $clock
set interconnect [get_bd_cells -of_objects [get_bd_intf_nets -of_objects [get_bd_intf_pins dma/M_AXI_MM2S]] \
  -filter {NAME != dma}]
apply_bd_automation -rule xilinx.com:bd_rule:axi4 -config [list Master /dma/M_AXI_S2MM Slave $memory \
  Clk_master $clock Clk_slave $clock Clk_xbar $clock intc_ip /[get_property NAME $interconnect]] \
  [get_bd_intf_pins dma/M_AXI_S2MM]
foreach pin {widen/aclk narrow/aclk accelerator/ap_clk} {
  connect_bd_net [get_bd_pins $clock] [get_bd_pins $pin]
}
set reset [get_bd_pins -of_objects [get_bd_cells -filter {VLNV =~ *:proc_sys_reset:*}] -filter {NAME == peripheral_aresetn}]
foreach pin {widen/aresetn narrow/aresetn accelerator/ap_rst_n} {
  connect_bd_net $reset [get_bd_pins $pin]
}
assign_bd_address
validate_bd_design
save_bd_design

set wrapper [make_wrapper -files [get_files system.bd] -top]
add_files -norecurse $wrapper
set_property top system_wrapper [current_fileset]
launch_runs impl_1 -to_step route_design -jobs 4
wait_on_run impl_1
if {![string match "route_design Complete*" [get_property STATUS [get_runs impl_1]]]} {
  error "implementation stopped: [get_property STATUS [get_runs impl_1]]"
}

set setup_ns [get_property STATS.WNS [get_runs impl_1]]
set hold_ns [get_property STATS.WHS [get_runs impl_1]]
set file [open $out_dir/timing.json w]
puts $file "{\"setup_slack_ns\": $setup_ns, \"hold_slack_ns\": $hold_ns}"
close $file
if {$setup_ns < 0 || $hold_ns < 0} {
  puts "timing is not met: setup $setup_ns ns, hold $hold_ns ns; no bit file is written"
  exit 0
}
open_run impl_1
write_bitstream -force $out_dir/$stem.bit
file copy -force [lindex [glob project/$stem.gen/sources_1/bd/system/hw_handoff/system.hwh] 0] $out_dir/$stem.hwh
